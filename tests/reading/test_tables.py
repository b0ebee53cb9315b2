"""The same trials in every kind of file, alone and in archives; no file is larger than is read."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.reading import archives, bounds
from tests.reading.exports import EXPORTS, question

TRIALS = pd.DataFrame(
    {
        "subject": ["01", "01", "02", "02"],
        "condition": ["easy", "hard", "easy", "hard"],
        "rt": [0.512, 0.634, 0.483, 0.957],
        "response": ["left", "right", "right", "left"],
        "correct": [1, 0, 1, 1],
    }
)


def _text(**options: object) -> Callable[[Path], None]:
    return lambda path: TRIALS.to_csv(path, index=False, **options)  # type: ignore[call-overload]


def _write(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text, encoding="utf-8") and None


RECORDS = TRIALS.to_dict("records")

KINDS: dict[str, Callable[[Path], None]] = {
    "comma.csv": _text(),
    "semicolon.csv": _text(sep=";", decimal=","),
    "tab.tsv": _text(sep="\t"),
    "tab_with_commas.txt": _text(sep="\t", decimal=","),
    "bar.txt": _text(sep="|"),
    "blank.dat": _text(sep=" "),
    "mark.csv": _text(encoding="utf-8-sig"),
    "utf16.csv": _text(encoding="utf-16"),
    "windows.csv": _text(lineterminator="\r\n"),
    "old_mac.csv": _text(lineterminator="\r"),
    "quoted.csv": _text(quoting=1),
    "comments.csv": _write(
        "# written by hand\n\n" + TRIALS.to_csv(index=False).replace("\n01", "\n# a pause\n\n01", 1)
    ),
    "no_end.csv": _write(TRIALS.to_csv(index=False).rstrip("\n")),
    "records.json": _write(json.dumps(RECORDS, indent=2)),
    "columns.json": _write(json.dumps(TRIALS.to_dict("list"))),
    "wrapped.json": _write(json.dumps({"session": 1, "trials": RECORDS})),
    "lines.jsonl": _write("\n".join(map(json.dumps, RECORDS)) + "\n"),
    "sessions.jsonl": _write(f"{json.dumps(RECORDS[:2])}\n{json.dumps(RECORDS[2:])}"),
    "table.parquet": lambda path: TRIALS.to_parquet(path),
    "table.feather": lambda path: TRIALS.to_feather(path),
    "table.dta": lambda path: TRIALS.to_stata(path, write_index=False),
}
OWN = ["participant", "rt", "response", "correct"]


def _same(table: pd.DataFrame) -> None:
    expected = TRIALS.rename(columns={"subject": "participant"})[OWN]
    pd.testing.assert_frame_equal(table[OWN], expected, check_dtype=False)
    assert table["condition"].tolist() == TRIALS["condition"].tolist()


@pytest.mark.parametrize("name", KINDS)
def test_the_same_trials_in_every_kind_of_file(tmp_path: Path, name: str) -> None:
    KINDS[name](tmp_path / name)
    _same(hs.read(tmp_path / name))


def test_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        pd.DataFrame().to_excel(writer, sheet_name="empty")
        TRIALS.to_excel(writer, sheet_name="trials", index=False)
        TRIALS.head(2).to_excel(writer, sheet_name="more", index=False)
    table = hs.read(path)
    _same(table)
    assert "the sheet 'trials' was read, the first of 2" in table.attrs["reading"]["text"]


def test_labels_of_stata_keep_the_order_of_their_codes(tmp_path: Path) -> None:
    order = pd.Categorical(TRIALS["condition"], categories=["hard", "easy"], ordered=True)
    TRIALS.assign(condition=order).to_stata(tmp_path / "table.dta", write_index=False)
    assert hs.read(tmp_path / "table.dta")["condition"].cat.categories.tolist() == ["hard", "easy"]


def test_a_table_that_r_saved(tmp_path: Path) -> None:
    rdata = pytest.importorskip("rdata")
    rdata.write_rds(tmp_path / "table.rds", TRIALS.astype({"subject": object, "condition": object, "response": object}))
    _same(hs.read(tmp_path / "table.rds"))


def test_a_kind_whose_package_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyreadstat", None)
    message = question(EXPORTS / "exp.sav")
    assert "pip install 'hddm-sbi[files]'" in message


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("pack", [_zip, _tar], ids=["zip", "tar"])
def test_archives_of_files(tmp_path: Path, pack: Callable[..., Path]) -> None:
    names = ["opensesame_subject-1.csv", "opensesame_subject-2.csv"]
    members = {f"data/{name}": (EXPORTS / name).read_bytes() for name in names}
    others = {
        "__MACOSX/data/._x.csv": b"\0",
        "data/README.txt": b"about",
        "data/run.log": b"log",
        "data/x.pkl": b"\x80",
    }
    path = pack(tmp_path / ("all.zip" if pack is _zip else "all.tar.gz"), {**members, **others})
    table = hs.read(path)
    expected = hs.read([EXPORTS / name for name in names])
    pd.testing.assert_frame_equal(table[OWN], expected[OWN])
    assert table["source_file"].unique().tolist() == names
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def test_a_compressed_table(tmp_path: Path) -> None:
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(TRIALS.to_csv(index=False).encode()))
    _same(hs.read(tmp_path / "data.csv.gz"))


@pytest.mark.parametrize("pack", [_zip, _tar], ids=["zip", "tar"])
def test_an_archive_that_unpacks_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[..., Path]
) -> None:
    monkeypatch.setattr(archives, "ARCHIVE_BYTES", 2**20)
    path = pack(tmp_path / ("bomb.zip" if pack is _zip else "bomb.tar.gz"), {"zeros.csv": b"0," * 2**20})
    assert path.stat().st_size < 2**14
    assert "unpacks to more than 1 MB" in question(path)
    monkeypatch.setattr(archives, "ARCHIVE_MEMBERS", 10)
    many = pack(tmp_path / ("many.zip" if pack is _zip else "many.tar.gz"), {f"{k}.csv": b"" for k in range(20)})
    assert "10 files, which no experiment fills" in question(many)


def test_a_workbook_that_unpacks_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "ARCHIVE_BYTES", 2**20)
    path = _zip(tmp_path / "bomb.xlsx", {"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": b" " * 2**21})
    assert "unpacks to more than 1 MB" in question(path)


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{k}" for k in range(20_000)) + "\n" + "1," * 19_999 + "1\n", encoding="utf-8")
    assert "has 20,000 columns" in question(path)
    long = tmp_path / "long.csv"
    long.write_text(f"rt,response\n0.5,{'x' * (bounds.CELL_BYTES + 10)}\n", encoding="utf-8")
    assert "has a cell of 10 MB" in question(long)
    open_quote = tmp_path / "open.csv"
    open_quote.write_text('rt,response\n0.5,"' + "x\n" * bounds.CELL_BYTES, encoding="utf-8")
    assert "within a quotation that was opened and not closed" in question(open_quote)
    deep = tmp_path / "long.json"
    deep.write_text(json.dumps([{"rt": 1, "response": "x" * (bounds.CELL_BYTES + 10)}]), encoding="utf-8")
    assert "has a cell of 10 MB" in question(deep)
    monkeypatch.setattr(bounds, "FILE_BYTES", 2**20)
    assert "files of more than 1 MB are not read" in question(long)


def test_folders_and_patterns_are_the_files_in_them(tmp_path: Path) -> None:
    (tmp_path / "raw" / "deeper").mkdir(parents=True)
    for name, folder in (("labjs_1.csv", "raw"), ("labjs_2.csv", "raw/deeper")):
        (tmp_path / folder / name).write_bytes((EXPORTS / name).read_bytes())
    (tmp_path / "raw" / "notes.txt").write_text("nothing to see", encoding="utf-8")
    expected = hs.read([EXPORTS / "labjs_1.csv", EXPORTS / "labjs_2.csv"])
    for files in (tmp_path / "raw", str(tmp_path / "raw" / "**" / "labjs*.csv")):
        table = hs.read(files).sort_values("participant", kind="stable", ignore_index=True)
        pd.testing.assert_frame_equal(table[OWN], expected[OWN])
    assert len(hs.read(tmp_path / "raw" / "labjs_1.csv")) == 26


def test_descriptions_beside_the_data_are_no_data(tmp_path: Path) -> None:
    for name in ("bids_sub-01_task-flanker_beh.tsv", "bids_sub-02_task-flanker_beh.tsv"):
        (tmp_path / name.removeprefix("bids_")).write_bytes((EXPORTS / name).read_bytes())
    (tmp_path / "task-flanker_beh.json").write_text('{"response": {"LongName": "key"}}', encoding="utf-8")
    (tmp_path / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\n", encoding="utf-8")
    assert hs.read(tmp_path).groupby("participant").size().to_dict() == {"sub-01": 24, "sub-02": 24}


def test_the_response_that_a_description_names(tmp_path: Path) -> None:
    name = "sub-01_task-flanker_beh.tsv"
    text = (EXPORTS / f"bids_{name}").read_text(encoding="utf-8").replace("\tresponse\t", "\tpressed\t")
    (tmp_path / "sub-01" / "beh").mkdir(parents=True)
    path = tmp_path / "sub-01" / "beh" / name
    path.write_text(text, encoding="utf-8")
    assert "name it with response=" in question(path)
    said = {
        "pressed": {"Description": "Key that was pressed"},
        "response_time": {"Description": "Time of the key press"},
    }
    (tmp_path / "task-flanker_beh.json").write_text(json.dumps(said), encoding="utf-8")
    table = hs.read(path)
    assert table["response"].dropna().unique().tolist() == ["left", "right"]
    assert hs.read(path, response="pressed")["response"].equals(table["response"])


RAW = [
    "jspsych_P01.csv",
    "labjs_1.csv",
    "opensesame_subject-1.csv",
    "psychopy_367439_stroop.csv",
    "bids_sub-01_task-flanker_beh.tsv",
]


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("suffix", ["xlsx", "parquet", "jsonl", "csv"])
def test_exports_that_went_through_another_program(tmp_path: Path, name: str, suffix: str) -> None:
    """Saved again with types, so that identifiers are 1.0 and empty cells are missing."""
    raw = pd.read_csv(EXPORTS / name, sep="\t" if name.endswith("tsv") else ",")
    raw = raw[[column for column in raw if not column.startswith("Unnamed")]]
    path = tmp_path / f"{Path(name).stem}.{suffix}"
    save: dict[str, Callable[[], object]] = {
        "xlsx": lambda: raw.to_excel(path, index=False),
        "parquet": lambda: raw.to_parquet(path),
        "jsonl": lambda: raw.to_json(path, orient="records", lines=True),
        "csv": lambda: raw.to_csv(path, index=False, sep=";", decimal=","),
    }
    save[suffix]()
    expected = hs.read(EXPORTS / name)
    own = [column for column in (*OWN, "deadline") if column in expected]
    pd.testing.assert_frame_equal(hs.read(path)[own], expected[own], check_dtype=False, rtol=1e-6)


def test_a_file_whose_name_has_the_signs_of_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "data [1].csv"
    _text()(path)
    _same(hs.read(path))
