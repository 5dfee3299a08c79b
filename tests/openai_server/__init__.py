"""A server of OpenAI's completions protocol on this machine, for tests: it generates with a real model.

It answers in the form of vLLM, llama.cpp, TGI or OpenAI, keeps what it was asked, and misbehaves on request.
"""

from tests.openai_server.forms import Form
from tests.openai_server.server import LocalModelServer

__all__ = ["Form", "LocalModelServer"]
