"""Ten thousand names made to do harm go through every screen, the CSV and the letters, and stay names."""

import csv
import io
import itertools
import random
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from collector import cli
from collector.domain.alerts.examples import example
from collector.reports.letters.compose import FULL_CARDS, SHORT_ROWS
from collector.store.engine import open_engine
from dashboard import state
from dashboard.tables import Column, table, to_csv
from tests.dashboard.conftest import APP, shown
from tests.dashboard.seed import NOW, Account, Deployment, Seed
from tests.reports.test_letters import hostile, letters

SCREENS = sorted(path.stem for path in (APP.parent / "screens").glob("[a-z]*.py"))
COMMANDS = ("cost", "room", "endings", "room diagnose", "room advice", "room units", "status", "alert list")
PIECES = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\tcmd", "\rcmd", '=HYPERLINK("http://evil")', "=cmd|'/c calc'!A0"),
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "</style><b>",
        "<!--",
    ),
    *(
        "**b**",
        "[x](javascript:alert(1))",
        "![x](http://evil/x.png)",
        "`c`",
        "$\\alpha$",
        ":red[r]",
        ":material/home:",
    ),
    *(
        "{{7*7}}",
        "${7*7}",
        "%{x}",
        "%s%n",
        "{0.__class__}",
        "'; drop table price; --",
        '" or 1=1',
        "../../etc",
        "\\",
    ),
    *(
        "\u202egnp.exe",
        "\u200b",
        "\ufeff",
        "e\u0301",
        "模型",
        "🚀",
        "a" * 300,
        "\x1b[31m",
        "x\r\nBcc: all@contoso.com",
    ),
)
MARKUP = ("<script", "<img", "<svg", "</style", "](javascript", "](http://evil")


def names(count: int = 10_000) -> list[str]:
    """Always the same: each piece alone, then chains of them, each with a number of its own."""
    chance = random.Random(4711)
    chains = itertools.chain(
        PIECES, ("".join(chance.sample(PIECES, chance.randint(2, 4))) for _ in itertools.count())
    )
    return [f"{chain}{number}" for number, chain in enumerate(itertools.islice(chains, count))]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('names') / 'store.db'}"
    seed = Seed(days=3)
    seed.subscriptions()
    account = Account("plain", 0, "eastus2", {"team": "=1+1", "<b>": "<script>alert(1)</script>"})
    seed.account(account)
    what = Deployment(
        "pattern", "<img src=x onerror=alert(1)>", "1", "GlobalStandard", 90_000, "1", "2", 0.9, 20
    )
    pattern = Seed(days=3)
    pattern.deployment(account, what, hours=False)
    for name in names():
        seed.copy(pattern, account, name)
    seed.offer(account, what)
    engine = open_engine(url)
    seed.write(engine)
    engine.dispose()
    return url


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_opens_on_ten_thousand_of_them_and_shows_no_markup(
    store: str, screen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_DATABASE_URL", store)
    monkeypatch.setenv(state.CLOCK, NOW.isoformat())
    app = AppTest.from_file(str(APP), default_timeout=120).run()
    if screen != "overview":
        shown(app, screen)

    assert [] == [error.message for error in app.exception]
    assert [] == [error.value for error in app.error]
    said = [*app.markdown, *app.caption, *app.title, *app.subheader, *app.warning, *app.info]
    assert [] == [(piece, one.value) for one in said for piece in MARKUP if piece in one.value]


def test_no_cell_of_a_download_is_a_formula_and_every_name_comes_back() -> None:
    given = names()
    written = to_csv(
        table("names", [Column("deployment", "Deployment")], [{"deployment": name} for name in given])
    )
    cells = [row[0] for row in csv.reader(io.StringIO(written, newline=""))][1:]

    assert [] == [cell for cell in cells if re.match(r"\s*[=+\-@\t\r]", cell)]
    assert given == [
        cell.removeprefix("'") if cell != name else cell for cell, name in zip(cells, given, strict=True)
    ]


@pytest.mark.parametrize("words", COMMANDS)
def test_every_answer_on_a_terminal_is_text(store: str, words: str) -> None:
    done = CliRunner().invoke(cli.main, words.split(), obj=lambda: NOW, env={"AOAI_DATABASE_URL": store})

    assert 0 == done.exit_code, done.output[-500:]
    assert set() == {sign for sign in done.output if unicodedata.category(sign) == "Cc"} - {"\n", "\t"}
    assert not set("\u202e\u2066") & set(done.output)


def exported(store: str, folder: Path, kind: str) -> Path:
    out = folder / f"month.{kind}"
    words = ["report", "finance", "--month", "2026-11", "--format", kind, "--out", str(out)]
    done = CliRunner().invoke(cli.main, words, obj=lambda: NOW, env={"AOAI_DATABASE_URL": store})
    assert 0 == done.exit_code, done.output[-500:]
    return out


@pytest.mark.parametrize("kind", ["csv", "focus-csv"])
def test_no_cell_of_an_exported_file_is_a_formula(store: str, tmp_path: Path, kind: str) -> None:
    with exported(store, tmp_path, kind).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))

    numbers = re.compile(r"-?\d+(\.\d+)?")
    cells = {cell for row in rows for cell in row if not numbers.fullmatch(cell)}
    assert len(rows) > 10_000
    assert 1 == len({len(row) for row in rows})
    assert [] == [cell for cell in cells if re.match(r"\s*[=+\-@\t\r]", cell)]


def test_no_name_in_the_workbook_is_a_formula_or_a_link(store: str, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(exported(store, tmp_path, "xlsx"))

    seen = 0
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                seen += isinstance(cell.value, str)
                # Sums are ours; a name is text whatever it begins with.
                ours = re.fullmatch(r"=[A-Z]+\([$A-Z\d:,]+\)", str(cell.value))
                assert (None, True) == (cell.hyperlink, cell.data_type != "f" or ours is not None), cell.value
    assert seen > 10_000


def test_the_page_for_mail_holds_them_as_text_only(store: str, tmp_path: Path) -> None:
    seen = Elements()
    seen.feed(exported(store, tmp_path, "html").read_text(encoding="utf-8"))

    assert not seen.found & {"script", "img", "svg", "iframe", "form", "object", "onerror", "onload"}
    assert [] == [value for value in seen.found if "javascript" in value or "evil" in value]


class Elements(HTMLParser):
    """The elements and attributes that a mail program would see."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.found |= {name for name, _ in attrs if name.startswith("on")}
        self.found |= {
            value
            for name, value in attrs
            if name == "href" and value and not re.match(r"https?://|mailto:", value)
        }


def test_letters_hold_them_as_text_only() -> None:
    seen, subjects = Elements(), []
    for chunk in _chunks(names(), FULL_CARDS + SHORT_ROWS):
        for one in letters(
            *(replace(hostile(name), subject=name, rule=example("quota_line").rule) for name in chunk)
        ):
            seen.feed(one.html)
            subjects += [one.subject, *one.headers.values()]
            assert not re.search(r"^Bcc:", one.text, re.MULTILINE)

    assert not seen.found & {"script", "img", "svg", "iframe", "form", "object", "onerror", "onload"}
    assert [] == [value for value in seen.found if "javascript" in value or "evil" in value]
    assert [] == [said for said in subjects if not said.isprintable()]


def _chunks(found: list[str], size: int) -> list[list[str]]:
    return [found[start : start + size] for start in range(0, len(found), size)]
