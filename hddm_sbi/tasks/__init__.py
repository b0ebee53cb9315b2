"""Many tasks of one kind: on this machine's cores or a cluster's, with results that outlive whatever is interrupted."""
