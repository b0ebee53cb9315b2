"""The peers whose parameters are known, one file each."""

from hddm_sbi.peers.base import Peer
from hddm_sbi.peers.packages.brms import BRMS
from hddm_sbi.peers.packages.emc2 import EMC2
from hddm_sbi.peers.packages.ez import EZ, EZ2
from hddm_sbi.peers.packages.fastdm import FAST_DM
from hddm_sbi.peers.packages.hddm import HDDM
from hddm_sbi.peers.packages.hssm import HSSM
from hddm_sbi.peers.packages.pyddm import PYDDM
from hddm_sbi.peers.packages.rtdists import RTDISTS
from hddm_sbi.peers.packages.sinistra import SINISTRA
from hddm_sbi.peers.packages.ssm_simulators import SSM_SIMULATORS
from hddm_sbi.peers.packages.stan import STAN

PEERS: tuple[Peer, ...] = (
    HSSM,
    SSM_SIMULATORS,
    HDDM,
    PYDDM,
    STAN,
    BRMS,
    RTDISTS,
    FAST_DM,
    EMC2,
    EZ,
    EZ2,
    SINISTRA,
)

__all__ = ["PEERS"]
