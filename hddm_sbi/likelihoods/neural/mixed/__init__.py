"""sbi's mixed estimator of choices and response times (MNLE) in compiled form."""
