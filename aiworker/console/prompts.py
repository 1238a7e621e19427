"""Shows a prompt as it is sent: block by block, with what is data marked as such, tokens and money."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from rich.panel import Panel
from rich.text import Text

from aiworker.console.output import Output
from aiworker.envelope import Envelope
from aiworker.errors import JobFailed, UsageError
from aiworker.llm.tokens import count
from aiworker.runtime.examples import Example
from aiworker.runtime.preview import Preview, Previewer, Trial, document, previewing
from aiworker.settings import Settings

UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of a prompt: all of it, unless one of the first six is asked for; the rest goes with `sends`."""

    raw: bool = False
    snapshot: Path | None = None
    diff: Path | None = None
    check: Path | None = None
    exact: bool = False
    sends: bool = False
    repeat: int = 1
    max_cost: Decimal = Decimal(0)
    takes_unpriced: bool = False

    def __post_init__(self) -> None:
        """Raise UsageError for two things that would be shown at once."""
        if sum((self.shows_one, self.sends)) > 1:
            raise UsageError("Give at most one of --raw, --snapshot, --diff, --check, --exact, --send.")

    @property
    def shows_one(self) -> int:
        """How many things are asked for that are made of one prompt."""
        return sum(map(bool, (self.raw, self.snapshot, self.diff, self.check, self.exact)))

    async def show(self, output: Output, previewer: Previewer) -> None:
        """Show what is asked for; UsageError if that needs a prompt and the job asks nobody."""
        if not previewer.asks:
            return show_nothing(output, previewer, must_show=self.shows_one > 0 or self.sends)
        if self.exact:
            return await show_exact(output, previewer)
        if self.sends:
            return await show_trials_of(output, previewer, self)
        previews = previewer.previews()
        if self.raw:
            return output.lines(*(each.body.decode() for each in previews))
        if self.snapshot:
            return write_snapshot(output, previews, self.snapshot)
        if compared := self.diff or self.check:
            return compare(output, previews, compared, must_be_equal=self.check is not None)
        return show(output, previews)


@dataclass(frozen=True, slots=True)
class Subject:
    """A job to look at, with the rows of its example if it is one, the models to compare and the view."""

    envelope: Envelope
    example: Example | None
    models: Sequence[str]
    provider: str | None
    view: View

    async def show(self, output: Output, settings: Settings, database_url: str) -> None:
        """Gather on an open database and show the prompt."""
        view = self.view
        async with previewing(
            self.envelope,
            settings,
            database_url,
            self.models,
            provider=self.provider,
            example=self.example,
            sends=view.sends or view.exact,
            for_snapshot=bool(view.snapshot or view.diff or view.check),
        ) as previewer:
            await view.show(output, previewer)


def show(output: Output, previews: Sequence[Preview]) -> None:
    """Print every request of a job."""

    def human() -> None:
        for preview in previews:
            _show(output, preview)

    output.show("aiworker.prompt-preview/1", document(previews), human)


def show_nothing(output: Output, previewer: Previewer, *, must_show: bool) -> None:
    """Say that there is no prompt, because the job finds all it needs in the database."""
    told = f"{previewer.admitted.processor.name} asks no model for this payload: the stored rows are enough."
    if must_show:
        raise UsageError(told, remedy="leave the option out, or take another payload")
    show(output, ())
    output.note(told)


def write_snapshot(output: Output, previews: Sequence[Preview], file: Path) -> None:
    """Write what is sent to a file that can be kept under version control."""
    try:
        file.write_text(_snapshot(previews), "utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}).") from error
    output.note(f"wrote {file}")


def compare(output: Output, previews: Sequence[Preview], file: Path, *, must_be_equal: bool) -> None:
    """Print what changed since a snapshot; JobFailed if something did although nothing may."""
    if not file.is_file():
        raise UsageError(f"There is no snapshot {file}.", remedy=f"write one with --snapshot {file}")
    before, after = _read(file), _snapshot(previews)
    changed = list(difflib.unified_diff(before.splitlines(), after.splitlines(), file.name, "now", lineterm=""))
    output.lines(*changed)
    if not changed:
        output.note("unchanged")
        return
    old, new = _tokens(previews, before), _tokens(previews, after)
    output.note(f"tokens {old:,} -> {new:,} ({new - old:+,})")
    if must_be_equal:
        raise JobFailed(f"The prompt differs from {file.name}.", remedy=f"--snapshot {file} accepts it")


async def show_exact(output: Output, previewer: Previewer) -> None:
    """Print what the providers themselves count, beside our own estimate."""
    counted = await previewer.exact()
    models = [door.served.served for door in previewer.doors]
    ours = [preview.tokens for preview in previewer.by_model()]
    rows = [(m.name, exact, mine) for m, exact, mine in zip(models, counted, ours, strict=True)]
    shown = [{"model": name, "tokens": exact, "estimate": mine} for name, exact, mine in rows]
    human = partial(output.table, ("model", "tokens", "our count"), rows)
    output.show("aiworker.prompt-tokens/1", {"models": shown}, human)


def affordable(output: Output, unpriced: Sequence[str], most: Decimal, limit: Decimal, *, takes_unpriced: bool) -> None:
    """Say what sending costs at most; UsageError if that is more than the limit, or not known."""
    if unpriced and not takes_unpriced:
        message = f"The price of {', '.join(unpriced)} is not known, so --max-cost cannot be kept."
        raise UsageError(message, remedy="leave the model out, or add --unpriced")
    if most > limit:
        raise UsageError(f"This could cost ${most:.4f}; --max-cost is ${limit:.4f}.", remedy="raise --max-cost")
    output.note(f"at most ${most:.4f}")


async def show_trials_of(output: Output, previewer: Previewer, view: View) -> None:
    """Ask the models and print their answers side by side.

    Raises UsageError before anything is sent if it could cost more or nobody knows what, JobFailed when it has.
    """
    most, limit, repeat = previewer.most(view.repeat), view.max_cost, view.repeat
    affordable(output, previewer.unpriced(), most, limit, takes_unpriced=view.takes_unpriced)
    trials: list[Trial] = []
    async for trial in previewer.trials(repeat, previewer.admitted.policy.deadline):
        output.note(f"{trial.model} {trial.number}/{repeat} {trial.code} {trial.seconds:.2f} s")
        trials.append(trial)
        if (spent := sum((each.cost_usd or Decimal(0) for each in trials), Decimal(0))) > limit:
            output.warn(f"stopped: ${spent:.4f} are spent, more than was reckoned")
            break
    shown = [{**asdict(t), "cost_usd": None if t.cost_usd is None else str(t.cost_usd)} for t in trials]
    output.show("aiworker.prompt-trials/1", {"trials": shown}, lambda: show_trials(output, trials))


def _snapshot(previews: Sequence[Preview]) -> str:
    return "\n".join(preview.snapshot() for preview in previews)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is no snapshot ({type(error).__name__}).") from error


def _tokens(previews: Sequence[Preview], text: str) -> int:
    return count(text, previews[0].door.served.served).tokens


def _show(output: Output, preview: Preview) -> None:
    served, request = preview.door.served, preview.request
    about = "" if preview.is_exact else "≈"
    output.line(
        f"prompt {request.prompt.name} ({request.prompt.fingerprint})  "
        f"{about}{preview.tokens:,} tokens and ≈{preview.schema_tokens:,} of the answer's schema, "
        f"of {served.served.window:,} ({preview.window_share:.1%})  "
        f"counted by {preview.source}  answer up to {min(request.max_tokens, served.served.max_output):,}"
    )
    output.line(f"model  {preview.door.provider}:{served.served.name}  (requested {served.requested})")
    minimum = served.served.min_cache_tokens
    verdict = "cached" if preview.caches else "below it: nothing is cached" if minimum else "not cached here"
    output.line(f"cache  fixed prefix {preview.prefix_tokens:,} tokens, minimum {minimum or UNKNOWN}: {verdict}")
    for view in preview.blocks:
        kind = "data, not instructions" if view.block.is_untrusted else "ours"
        _block(
            output, f"{view.block.role}: {view.block.name}  {about}{view.tokens:,} tokens  ({kind})", view.block.text
        )
    for warning in _warnings(preview):
        output.line(f"warning: {warning}")
    rows = [
        (
            f"{c.provider}:{c.model}",
            *(_usd(p.usd, known=p.known) for p in (c.live, c.cached, c.batch)),
            _usd(c.live.usd * 1000, known=c.live.known),
        )
        for c in preview.costs
    ]
    output.table(("cost at most", "live", "prefix cached", "batch", "per 1,000 jobs"), rows)


def show_trials(output: Output, trials: Sequence[Trial]) -> None:
    """Print the answers of several models side by side: validity, time and money."""
    rows: list[Sequence[object]] = []
    for model in dict.fromkeys(trial.model for trial in trials):
        mine = [trial for trial in trials if trial.model == model]
        valid = sum(trial.code == "valid" for trial in mine)
        found = ", ".join(sorted({trial.code for trial in mine if trial.code != "valid"})) or "-"
        slowest = max(trial.seconds for trial in mine)
        costs = [trial.cost_usd for trial in mine if trial.cost_usd is not None]
        cost = _usd(sum(costs, Decimal(0)), known=len(costs) == len(mine))
        tokens = sum(trial.tokens_out for trial in mine) // len(mine)
        rows.append((model, f"{valid}/{len(mine)}", found, f"{slowest:.2f} s", tokens, cost))
    output.table(("model", "valid", "findings", "slowest", "tokens out", "cost"), rows)


def _block(output: Output, title: str, text: str) -> None:
    if output.is_rich:
        style = "yellow" if "not instructions" in title else "cyan"
        output.data.print(Panel(Text(text), title=Text(title), title_align="left", border_style=style))
    else:
        output.lines(f"--- {title}", text)


def _warnings(preview: Preview) -> list[str]:
    prompt, served = preview.request.prompt, preview.door.served
    found = [f"{flag} looks like an instruction (kept as data)" for flag in prompt.flags]
    if prompt.removed:
        found.append(f"{prompt.removed} hidden characters were taken out")
    if preview.request.truncated:
        found.append(f"truncated: {dict(preview.request.truncated)}")
    return [*found, served.warning] if served.warning else found


def _usd(amount: Decimal, *, known: bool) -> str:
    return f"${amount:.4f}" if known else UNKNOWN
