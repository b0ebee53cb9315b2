"""The publications that a report may cite, each written once: as an entry of a list, in the text, and as BibTeX."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A publication.

    Args:
        key: of its BibTeX entry.
        authors: surname, then initials: ``"Navarro, D. J."``.
        year: of publication.
        title: without a full stop.
        source: the journal, or what a preprint or software is.
        volume, number, pages: empty where there are none; an article number stands in ``pages``.
        doi: without the resolver's address; empty where there is none.
        url: where there is no DOI.
        kind: of its BibTeX entry.
    """

    key: str
    authors: tuple[str, ...]
    year: int
    title: str
    source: str
    volume: str = ""
    number: str = ""
    pages: str = ""
    doi: str = ""
    url: str = ""
    kind: str = "article"

    @property
    def in_text(self) -> str:
        """``Navarro & Fuss, 2009``; of three authors and more the first."""
        names = [author.split(",")[0] for author in self.authors]
        who = f"{names[0]} et al." if len(names) > 2 else " & ".join(names)
        return f"{who}, {self.year}"

    @property
    def address(self) -> str:
        """Where it is found."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url

    def __str__(self) -> str:
        who = self.authors[0] if len(self.authors) == 1 else f"{', '.join(self.authors[:-1])}, & {self.authors[-1]}"
        number = f"({self.number})" if self.number else ""
        where = ", ".join(part for part in (self.source, f"{self.volume}{number}", self.pages) if part)
        return f"{who} ({self.year}). {self.title}. {where}. {self.address}"

    @property
    def bibtex(self) -> str:
        """The entry."""
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",
            "journal" if self.kind == "article" else "howpublished": self.source,
            "volume": self.volume,
            "number": self.number,
            "pages": self.pages.replace("-", "--"),
            "year": str(self.year),
            "doi": self.doi,
            "url": "" if self.doi else self.url,
        }
        lines = [f"  {name} = {{{_escaped(value, name)}}}" for name, value in fields.items() if value]
        return "@{}{{{},\n{}\n}}".format(self.kind, self.key, ",\n".join(lines))


def _escaped(value: str, field: str) -> str:
    return value if field in ("doi", "url") else value.replace("&", "\\&").replace("%", "\\%")


_JMP = "Journal of Mathematical Psychology"
_PBR = "Psychonomic Bulletin & Review"

_ALL = (
    Reference(
        "bingham2019", ("Bingham, E.", "Chen, J. P.", "Jankowiak, M.", "Obermeyer, F.", "Pradhan, N.",
                        "Karaletsos, T.", "Singh, R.", "Szerlip, P.", "Horsfall, P.", "Goodman, N. D."),
        2019, "Pyro: Deep universal probabilistic programming", "Journal of Machine Learning Research", "20", "28",
        "1-6", url="https://jmlr.org/papers/v20/18-403.html",
    ),
    Reference(
        "blurton2012", ("Blurton, S. P.", "Kesselmeier, M.", "Gondan, M."), 2012,
        "Fast and accurate calculations for cumulative first-passage time distributions in Wiener diffusion models",
        _JMP, "56", "6", "470-475", "10.1016/j.jmp.2012.09.002",
    ),
    Reference(
        "boelts2022", ("Boelts, J.", "Lueckmann, J.-M.", "Gao, R.", "Macke, J. H."), 2022,
        "Flexible and efficient simulation-based inference for models of decision-making", "eLife", "11", "", "e77220",
        "10.7554/eLife.77220",
    ),
    Reference(
        "brown2008", ("Brown, S. D.", "Heathcote, A."), 2008,
        "The simplest complete model of choice response time: Linear ballistic accumulation", "Cognitive Psychology",
        "57", "3", "153-178", "10.1016/j.cogpsych.2007.12.002",
    ),
    Reference(
        "busemeyer1993", ("Busemeyer, J. R.", "Townsend, J. T."), 1993,
        "Decision field theory: A dynamic-cognitive approach to decision making in an uncertain environment",
        "Psychological Review", "100", "3", "432-459", "10.1037/0033-295X.100.3.432",
    ),
    Reference(
        "cavanagh2011", ("Cavanagh, J. F.", "Wiecki, T. V.", "Cohen, M. X.", "Figueroa, C. M.", "Samanta, J.",
                         "Sherman, S. J.", "Frank, M. J."), 2011,
        "Subthalamic nucleus stimulation reverses mediofrontal influence over decision threshold",
        "Nature Neuroscience", "14", "11", "1462-1467", "10.1038/nn.2925",
    ),
    Reference(
        "fengler2021", ("Fengler, A.", "Govindarajan, L. N.", "Chen, T.", "Frank, M. J."), 2021,
        "Likelihood approximation networks (LANs) for fast inference of simulation models in cognitive neuroscience",
        "eLife", "10", "", "e65074", "10.7554/eLife.65074",
    ),
    Reference(
        "gondan2014", ("Gondan, M.", "Blurton, S. P.", "Kesselmeier, M."), 2014,
        "Even faster and even more accurate first-passage time densities and distributions for the Wiener diffusion "
        "model", _JMP, "60", "", "20-22", "10.1016/j.jmp.2014.05.002",
    ),
    Reference(
        "hawkins2015", ("Hawkins, G. E.", "Forstmann, B. U.", "Wagenmakers, E.-J.", "Ratcliff, R.", "Brown, S. D."),
        2015,
        "Revisiting the evidence for collapsing boundaries and urgency signals in perceptual decision-making",
        "Journal of Neuroscience", "35", "6", "2476-2484", "10.1523/JNEUROSCI.2410-14.2015",
    ),
    Reference(
        "hoffman2014", ("Hoffman, M. D.", "Gelman, A."), 2014,
        "The No-U-Turn Sampler: Adaptively setting path lengths in Hamiltonian Monte Carlo",
        "Journal of Machine Learning Research", "15", "47", "1593-1623",
        url="https://jmlr.org/papers/v15/hoffman14a.html",
    ),
    Reference(
        "kallioinen2024", ("Kallioinen, N.", "Paananen, T.", "Bürkner, P.-C.", "Vehtari, A."), 2024,
        "Detecting and diagnosing prior and likelihood sensitivity with power-scaling", "Statistics and Computing",
        "34", "1", "57", "10.1007/s11222-023-10366-5",
    ),
    Reference(
        "kumar2019", ("Kumar, R.", "Carroll, C.", "Hartikainen, A.", "Martin, O."), 2019,
        "ArviZ a unified library for exploratory analysis of Bayesian models in Python",
        "Journal of Open Source Software", "4", "33", "1143", "10.21105/joss.01143",
    ),
    Reference(
        "lewandowski2009", ("Lewandowski, D.", "Kurowicka, D.", "Joe, H."), 2009,
        "Generating random correlation matrices based on vines and extended onion method",
        "Journal of Multivariate Analysis", "100", "9", "1989-2001", "10.1016/j.jmva.2009.04.008",
    ),
    Reference(
        "matzke2009", ("Matzke, D.", "Wagenmakers, E.-J."), 2009,
        "Psychological interpretation of the ex-Gaussian and shifted Wald parameters: A diffusion model analysis",
        _PBR, "16", "5", "798-817", "10.3758/PBR.16.5.798",
    ),
    Reference(
        "navarro2009", ("Navarro, D. J.", "Fuss, I. G."), 2009,
        "Fast and accurate calculations for first-passage times in Wiener diffusion models", _JMP, "53", "4",
        "222-230", "10.1016/j.jmp.2009.02.003",
    ),
    Reference(
        "papamakarios2019", ("Papamakarios, G.", "Sterratt, D.", "Murray, I."), 2019,
        "Sequential neural likelihood: Fast likelihood-free inference with autoregressive flows",
        "Proceedings of the 22nd International Conference on Artificial Intelligence and Statistics, PMLR", "89", "",
        "837-848", url="https://proceedings.mlr.press/v89/papamakarios19a.html",
    ),
    Reference(
        "ratcliff1978", ("Ratcliff, R.",), 1978, "A theory of memory retrieval", "Psychological Review", "85", "2",
        "59-108", "10.1037/0033-295X.85.2.59",
    ),
    Reference(
        "ratcliff1985", ("Ratcliff, R.",), 1985,
        "Theoretical interpretations of the speed and accuracy of positive and negative responses",
        "Psychological Review", "92", "2", "212-225", "10.1037/0033-295X.92.2.212",
    ),
    Reference(
        "ratcliff1998", ("Ratcliff, R.", "Rouder, J. N."), 1998, "Modeling response times for two-choice decisions",
        "Psychological Science", "9", "5", "347-356", "10.1111/1467-9280.00067",
    ),
    Reference(
        "ratcliff2002", ("Ratcliff, R.", "Tuerlinckx, F."), 2002,
        "Estimating parameters of the diffusion model: Approaches to dealing with contaminant reaction times and "
        "parameter variability", _PBR, "9", "3", "438-481", "10.3758/BF03196302",
    ),
    Reference(
        "ratcliff2008", ("Ratcliff, R.", "McKoon, G."), 2008,
        "The diffusion decision model: Theory and data for two-choice decision tasks", "Neural Computation", "20", "4",
        "873-922", "10.1162/neco.2008.12-06-420",
    ),
    Reference(
        "seyboldt2026", ("Seyboldt, A.", "Carlson, E. L.", "Carpenter, B."), 2026,
        "Preconditioning Hamiltonian Monte Carlo by minimizing Fisher divergence", "arXiv:2603.18845",
        url="https://arxiv.org/abs/2603.18845", kind="misc",
    ),
    Reference(
        "tejero2020", ("Tejero-Cantero, A.", "Boelts, J.", "Deistler, M.", "Lueckmann, J.-M.", "Durkan, C.",
                       "Gonçalves, P. J.", "Greenberg, D. S.", "Macke, J. H."), 2020,
        "sbi: A toolkit for simulation-based inference", "Journal of Open Source Software", "5", "52", "2505",
        "10.21105/joss.02505",
    ),
    Reference(
        "tillman2020", ("Tillman, G.", "Van Zandt, T.", "Logan, G. D."), 2020,
        "Sequential sampling models without random between-trial variability: The racing diffusion model of speeded "
        "decision making", _PBR, "27", "5", "911-936", "10.3758/s13423-020-01719-6",
    ),
    Reference(
        "tran2021", ("Tran, N.-H.", "van Maanen, L.", "Heathcote, A.", "Matzke, D."), 2021,
        "Systematic parameter reviews in cognitive modeling: Towards a robust and cumulative characterization of "
        "psychological processes in the diffusion decision model", "Frontiers in Psychology", "11", "", "608287",
        "10.3389/fpsyg.2020.608287",
    ),
    Reference(
        "tuerlinckx2004", ("Tuerlinckx, F.",), 2004,
        "The efficient computation of the cumulative distribution and probability density functions in the diffusion "
        "model", "Behavior Research Methods, Instruments, & Computers", "36", "4", "702-716", "10.3758/BF03206552",
    ),
    Reference(
        "vehtari2021", ("Vehtari, A.", "Gelman, A.", "Simpson, D.", "Carpenter, B.", "Bürkner, P.-C."), 2021,
        "Rank-normalization, folding, and localization: An improved R-hat for assessing convergence of MCMC",
        "Bayesian Analysis", "16", "2", "667-718", "10.1214/20-BA1221",
    ),
    Reference(
        "vehtari2024", ("Vehtari, A.", "Simpson, D.", "Gelman, A.", "Yao, Y.", "Gabry, J."), 2024,
        "Pareto smoothed importance sampling", "Journal of Machine Learning Research", "25", "72", "1-58",
        url="https://jmlr.org/papers/v25/19-556.html",
    ),
    Reference(
        "voss2019", ("Voss, A.", "Lerche, V.", "Mertens, U.", "Voss, J."), 2019,
        "Sequential sampling models with variable boundaries and non-normal noise: A comparison of six models", _PBR,
        "26", "3", "813-832", "10.3758/s13423-018-1560-4",
    ),
    Reference(
        "wiecki2013", ("Wiecki, T. V.", "Sofer, I.", "Frank, M. J."), 2013,
        "HDDM: Hierarchical Bayesian estimation of the drift-diffusion model in Python",
        "Frontiers in Neuroinformatics", "7", "", "14", "10.3389/fninf.2013.00014",
    ),
)  # fmt: skip
REFERENCES = {reference.key: reference for reference in _ALL}


class Citations:
    """Cites publications in a text, and lists those that were cited.

    Example:
        >>> citations = Citations()
        >>> citations("ratcliff2008", "ratcliff1978")
        '(Ratcliff, 1978; Ratcliff & McKoon, 2008)'
        >>> [reference.key for reference in citations.cited]
        ['ratcliff1978', 'ratcliff2008']
    """

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def __call__(self, *keys: str) -> str:
        """The publications in brackets, in the order of a list of references."""
        self._keys.update(keys)
        return f"({'; '.join(reference.in_text for reference in _ordered(keys))})"

    @property
    def cited(self) -> tuple[Reference, ...]:
        """What was cited so far, in the order of a list of references."""
        return _ordered(self._keys)


def _ordered(keys: Iterable[str]) -> tuple[Reference, ...]:
    found = [REFERENCES[key] for key in keys]
    return tuple(sorted(found, key=lambda one: (tuple(author.casefold() for author in one.authors), one.year)))
