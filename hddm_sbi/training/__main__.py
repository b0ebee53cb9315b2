"""``python -m hddm_sbi.training MODEL``."""

from hddm_sbi.training.pretrain import main

if __name__ == "__main__":
    main()
