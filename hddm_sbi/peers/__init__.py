"""Coming from other packages: what their parameters are here; ``packages/`` has one file for each."""

from hddm_sbi.peers.convert import from_peer
from hddm_sbi.peers.converted import FromPeer

__all__ = ["FromPeer", "from_peer"]
