"""The docs say what the program does: commands, settings, targets and links are checked against the code."""

import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import click

import collector.cli
from collector.settings.documented import documented_variables
from tests.conftest import lacking, steers_tests

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "docs" / "settings.md"


@cache
def committed() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


@cache
def text(path: Path) -> str:
    """The words of a file; nothing for a picture."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def snippets(path: Path) -> Iterator[str]:
    """Lines of code in a document: those of fenced blocks, and the inline ones."""
    fenced = False
    for line in text(path).splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced:
            yield line.split(" # ")[0]
        else:
            yield from re.findall(r"`([^`]+)`", line.replace("\\|", "|"))


def commands() -> dict[str, click.Command]:
    """Every command by the words that call it, groups included."""
    main = getattr(collector.cli, "main", None)
    if not isinstance(main, click.Group):
        lacking("collector.cli has no commands yet")
    found: dict[str, click.Command] = {}

    def walk(words: str, command: click.Command) -> None:
        if command.hidden:
            return
        found[words] = command
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                walk(f"{words} {name}", inner)

    walk("aoai-monitor", main)
    return found


def called(snippet: str) -> Iterator[tuple[str, list[str]]]:
    """The commands that a snippet calls, each with its options; `cost|room` calls both."""
    for call in re.findall(r"(?:^|[\s/(])aoai-monitor((?: [^\n;&<>]+)?)", snippet):
        words = call.split(" | ")[0].split()
        options = [word.strip("[](),").split("=")[0] for word in words if word.strip("[](,").startswith("--")]
        for first in words[0].split("|") if words else []:
            yield " ".join([first, *words[1:]]), options


def test_every_command_is_documented() -> None:
    documented = "\n".join(snippet for path in documents() for snippet in snippets(path))
    leaves = [words for words, command in commands().items() if not isinstance(command, click.Group)]

    assert [] == [words for words in leaves if not re.search(rf"{re.escape(words)}(?![\w-])", documented)]


def test_the_readme_s_table_has_every_command_once() -> None:
    rows = text(ROOT / "README.md").split("\n## Commands\n")[1].split("\n## ")[0].splitlines()
    listed = [
        command
        for row in rows
        if row.startswith("| `")
        for command in re.findall(r"`(aoai-monitor [a-z -]+)`", row.split(" | ")[0])
    ]
    leaves = [words for words, command in commands().items() if not isinstance(command, click.Group)]

    # `cost` and `room` are groups that answer by themselves.
    assert sorted([*leaves, "aoai-monitor cost", "aoai-monitor room"]) == sorted(listed)


def test_every_command_and_option_says_what_it_is_for() -> None:
    silent = [words for words, command in commands().items() if not command.help]
    silent += [
        f"{words} {option.opts[-1]}"
        for words, command in commands().items()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]

    assert [] == silent


def test_no_document_invents_a_command_or_an_option() -> None:
    known = commands()
    invented = []
    for path in documents():
        for words, options in (call for snippet in snippets(path) for call in called(snippet)):
            parts = words.split()
            depth = max(n for n in range(len(parts) + 1) if " ".join(["aoai-monitor", *parts[:n]]) in known)
            command = known[" ".join(["aoai-monitor", *parts[:depth]])]
            offered = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            if isinstance(command, click.Group) and re.match(r"[a-z]", " ".join(parts[depth:])):
                invented.append(f"{path.name}: aoai-monitor {words}")
            invented += [
                f"{path.name}: aoai-monitor {words}: {option}"
                for option in options
                if option not in {*offered, "--help", "--version"}
            ]

    assert [] == invented


def settings_row(name: str, default: str, meaning: str) -> str:
    shown = f"`{default}`" if default else ""
    return f"| `{name}` | {shown} | {meaning.replace('|', chr(92) + '|')} |"


def test_the_table_of_settings_is_the_code_s(golden: Callable[[Path, str], None]) -> None:
    head = "| variable | default | meaning |\n| --- | --- | --- |\n"
    table = head + "".join(settings_row(*variable) + "\n" for variable in documented_variables())
    page = text(SETTINGS)
    before, _, rest = page.partition(head)
    after = re.sub(r"\A(\|[^\n]*\n)*", "", rest)

    golden(SETTINGS, before.rstrip("\n") + "\n\n" + table + after)


def test_every_setting_has_a_meaning() -> None:
    assert [] == [name for name, _, meaning in documented_variables() if not meaning]


def test_no_document_and_no_message_invents_a_setting() -> None:
    """Every AOAI_* that a document or a message of the program names can be set."""
    names = {name for name, _, _ in documented_variables()}
    known = names | {f"{name}_FILE" for name in names}
    sources = [
        *documents(),
        *(path for path in committed() if path.parts[len(ROOT.parts)] in {"collector", "dashboard"}),
    ]
    invented = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources
        for name in re.findall(r"\bAOAI_[A-Z0-9_]*[A-Z0-9]\b(?!_)", text(path))
        if name not in known and not steers_tests(name)
    }

    assert set() == invented


def test_variables_that_steer_the_tests_are_told_to_contributors() -> None:
    code = "\n".join(text(path) for path in committed() if path.parts[len(ROOT.parts)] in {"tests", ".ci"})
    used = {name for name in re.findall(r"\bAOAI_[A-Z0-9_]*[A-Z0-9]\b", code) if steers_tests(name)}
    told = {
        name
        for name in re.findall(r"`(AOAI_[A-Z0-9_]+)`", text(ROOT / "CONTRIBUTING.md"))
        if steers_tests(name)
    }

    assert used == told


def test_every_make_target_says_what_it_is_for() -> None:
    makefile = text(ROOT / "Makefile")
    phony = {
        name for names in re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE) for name in names.split()
    }
    explained = set(re.findall(r"^([a-z-]+):[^=\n]*## \S", makefile, re.MULTILINE))

    assert phony == explained
    assert phony >= {"install", "demo", "test", "lint", "bench", "format", "clean", "help"}


def test_documents_name_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))
    named = {
        f"{path.name}: make {target}"
        for path in documents()
        for snippet in snippets(path)
        for target in re.findall(r"(?:^|\s)make ([a-z][a-z-]*)", snippet)
        if target not in targets
    }

    assert set() == named


def test_relative_links_lead_somewhere() -> None:
    broken = set()
    for path in documents():
        for target in re.findall(r"\]\(([^)\s]+)\)", text(path)):
            if re.match(r"[a-z]+:|#", target):
                continue
            file = (path.parent / target.split("#")[0]).resolve()
            if not file.exists():
                broken.add(str(file.relative_to(ROOT)))

    assert broken == set()


def test_links_into_a_page_meet_a_heading() -> None:
    def anchors(path: Path) -> set[str]:
        headings = re.findall(r"^#+ (.+)$", text(path), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    broken = []
    for path in documents():
        for file, anchor in re.findall(r"\]\((?![a-z]+:)([^)\s#]*)#([^)\s]+)\)", text(path)):
            page = (path.parent / file).resolve() if file else path
            if page.suffix == ".md" and anchor not in anchors(page):
                broken.append(f"{path.name}: {file}#{anchor}")

    assert [] == broken


def test_no_file_names_a_package_registry_or_a_place_on_one_machine() -> None:
    """Spelled so that this file does not hold what it looks for."""
    hosts = [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs"),
        ("deb", "debian", "org"),
        ("yarnpkg", "com"),
    ]
    places = [
        ("", "work", "main"),
        ("", "work", "steering"),
        ("", "work", "shared"),
        ("", "work", "brief"),
        ("", "opt", "pypi"),
        ("", "tmp", "bash_job"),
    ]
    forbidden = "|".join(
        [*(r"\b" + r"\.".join(host) for host in hosts), *("/".join(place) for place in places)]
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in committed()
        for number, line in enumerate(text(path).splitlines(), start=1)
        if re.search(forbidden, line)
    ]

    assert [] == found
