"""The command line: each command parses its options and makes one call."""

import typer

from hddm_sbi.cli.check import check
from hddm_sbi.cli.compile import compile_command
from hddm_sbi.cli.console import SafeGroup
from hddm_sbi.cli.download import download
from hddm_sbi.cli.fit import fit
from hddm_sbi.cli.fit_command import FitCommand
from hddm_sbi.cli.models import models
from hddm_sbi.cli.plan import plan
from hddm_sbi.cli.read import read
from hddm_sbi.cli.recover import recover
from hddm_sbi.cli.sbc import sbc
from hddm_sbi.cli.simulate import simulate
from hddm_sbi.cli.train import train

app = typer.Typer(
    cls=SafeGroup,
    help="Hierarchical Bayesian drift diffusion models with neural and exact likelihoods.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=FitCommand)(fit)
app.command()(check)
app.command()(read)
app.command(cls=FitCommand)(recover)
app.command(cls=FitCommand)(sbc)
app.command(cls=FitCommand)(plan)
app.command()(simulate)
app.command()(models)
app.command()(download)
app.command()(train)
app.command("compile")(compile_command)

__all__ = ["app"]
