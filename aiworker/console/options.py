"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aiworker.policies import POLICIES


def _queue_names(incomplete: str) -> list[str]:
    return [policy.queue for policy in POLICIES if policy.queue.startswith(incomplete)]


JsonFlag = Annotated[bool, typer.Option("--json", envvar="AIWORKER_JSON", help="Print one JSON document.")]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", envvar="AIWORKER_YES", help="Do it without asking.")]
ShowSecretsFlag = Annotated[
    bool, typer.Option("--show-secrets", envvar="AIWORKER_SHOW_SECRETS", help="Print passwords instead of ****.")
]
EmbeddedFlag = Annotated[
    bool,
    typer.Option("--embedded", envvar="AIWORKER_EMBEDDED", help="Start the bundled servers where no address is set."),
]
QueuesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--queue",
        "-Q",
        envvar="AIWORKER_QUEUES",
        metavar="QUEUE",
        help="A queue; may be given several times.",
        autocompletion=_queue_names,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="AIWORKER_CONFIG", metavar="FILE", help="Settings file (default: aiworker.toml)."),
]
EnvFileOption = Annotated[
    Path | None,
    typer.Option("--env-file", envvar="AIWORKER_ENV_FILE", metavar="FILE", help="Variables file (default: .env)."),
]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", envvar="AIWORKER_QUIET", help="No remarks on stderr.")]
VerboseFlag = Annotated[bool, typer.Option("--verbose", "-v", envvar="AIWORKER_VERBOSE", help="More remarks.")]
NoColorFlag = Annotated[bool, typer.Option("--no-color", envvar="AIWORKER_NO_COLOR", help="No colours.")]
DebugFlag = Annotated[bool, typer.Option("--debug", envvar="AIWORKER_DEBUG", help="Show the trace of an error.")]
