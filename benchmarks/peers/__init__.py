"""The peers by name; the first is ours, and the others are compared with it."""

from __future__ import annotations

from benchmarks.peers.base import Answer, Peer, Setup
from benchmarks.peers.libraries import BarePipeline, CTranslate2, PlainPipeline, Transformers
from benchmarks.peers.llama import LlamaServer
from benchmarks.peers.ours import OpenVINO, OpenVINO16Bit, OpenVINOWithoutPrefix, OurTransformers
from benchmarks.peers.servers import Remote
from benchmarks.peers.vllm import VLLM

__all__ = ["PEERS", "Answer", "Peer", "Setup"]

PEERS: dict[str, type[Peer]] = {
    "openvino": OpenVINO,
    "openvino-bare": BarePipeline,
    "openvino-bare-tokens": PlainPipeline,
    "openvino-16bit": OpenVINO16Bit,
    "openvino-no-prefix": OpenVINOWithoutPrefix,
    "transformers": Transformers,
    "transformers-engine": OurTransformers,
    "ctranslate2": CTranslate2,
    "llama.cpp": LlamaServer,
    "vllm": VLLM,
    "remote": Remote,
}
