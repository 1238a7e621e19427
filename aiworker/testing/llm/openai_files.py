"""OpenAI's files: what batches are made from, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from aiworker.testing.llm.paging import openai_page
from aiworker.testing.llm.wire import Answer, JsonObject, Refused, Seen, invalid
from aiworker.testing.llm.world import World

FILES = "/v1/files"
PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")


@dataclass(frozen=True, slots=True)
class File:
    """One stored file."""

    id: str
    name: str
    purpose: str
    content: bytes
    created: int

    def shown(self) -> JsonObject:
        """Return the file as the API shows it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
            "expires_at": None,
        }


class Files:
    """The files of one account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._files: dict[str, File] = {}

    def store(self, name: str, purpose: str, content: bytes) -> File:
        """Keep a file and return it."""
        file = File(self._world.new_id("file-"), name, purpose, content, self._world.timestamp)
        self._files[file.id] = file
        return file

    def get(self, file_id: str) -> File:
        """Return a file; raises Refused."""
        if file_id not in self._files:
            raise Refused(404, "invalid_request_error", f"No such File object: {file_id}", param="id")
        return self._files[file_id]

    def answer(self, seen: Seen) -> Answer | None:
        """Answer a request about files; None if it is about something else."""
        match seen.method, seen.route.removeprefix("/v1/").split("/"):
            case "POST", ["files"]:
                return Answer.json(self._upload(seen).shown())
            case "GET", ["files"]:
                purpose = seen.query.get("purpose", ("",))[0]
                ids = [file.id for file in self._files.values() if purpose in ("", file.purpose)]
                return Answer.json(openai_page(ids, seen.query, lambda one: self.get(one).shown()))
            case "GET", ["files", file_id]:
                return Answer.json(self.get(file_id).shown())
            case "GET", ["files", file_id, "content"]:
                return Answer(200, self.get(file_id).content, {"content-type": "application/octet-stream"})
            case "DELETE", ["files", file_id]:
                del self._files[self.get(file_id).id]
                return Answer.json({"id": file_id, "object": "file", "deleted": True})
            case _:
                return None

    def _upload(self, seen: Seen) -> File:
        form = message_from_bytes(
            b"content-type: " + seen.headers.get("content-type", "").encode() + b"\n\n" + seen.raw
        )
        parts = {part.get_param("name", header="content-disposition"): part for part in form.walk()}
        purpose = _content(parts["purpose"]).decode() if "purpose" in parts else ""
        if "file" not in parts:
            raise invalid("'file' is a required property", param="file")
        if purpose not in PURPOSES:
            raise invalid(f"'{purpose}' is not one of {list(PURPOSES)}", param="purpose")
        return self.store(parts["file"].get_filename() or "upload", purpose, _content(parts["file"]))


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
