"""How a server is to run a model: the part of config.pbtxt below the card's lines.

The words are those of Triton's model configuration and of its onnxruntime backend. Numbers are
float32 unless half precision is asked for, which is said by a parameter, so that clients name it.
"""

import msgspec

from regplug.scoring.card import ModelCard

PRECISION = "regplug_precision"  # parameter: in what numbers, where not in float32
FIRST_WORD = "instance_group"  # of the part
WARM_UP_LENGTH = 101  # bases, for graphs that read any length


class Tuning(msgspec.Struct, frozen=True):
    """How a server runs a model.

    Attributes:
        kind: auto, cpu or gpu: where instances are; auto: on each GPU, or else on the CPU.
        instances: on each GPU, or of the CPU; 0: as many as Triton takes by itself.
        threads: of the CPU that an instance has; 0: all.
        delay: microseconds for which a request waits for others, to be computed with them.
        tensorrt: whether TensorRT is to run it on GPUs.
        half: whether TensorRT may compute in float16.
    """

    kind: str = "auto"
    instances: int = 0
    threads: int = 0
    delay: int = 500
    tensorrt: bool = False
    half: bool = False

    def instance_lines(self) -> str:
        """Return the lines on instances and their threads."""
        count = f" count: {self.instances}" if self.instances else ""
        lines = f"{FIRST_WORD} [ {{ kind: KIND_{self.kind.upper()}{count} }} ]\n"
        return lines + (_parameter("intra_op_thread_count", self.threads) if self.threads else "")

    def lines(self, card: ModelCard) -> str:
        """Return all of the part, for the model of a card."""
        text = self.instance_lines()
        text += f"dynamic_batching {{ max_queue_delay_microseconds: {self.delay} }}\n"
        if self.tensorrt:
            text += _TENSORRT.format(precision="FP16" if self.half else "FP32")
        if self.half:
            text += _parameter(PRECISION, "fp16")
        # TensorRT builds an engine for the sizes that it has met: the first and the last will do.
        sizes = {1: "zeros", card.max_batch_size: "full"} if self.tensorrt else {1: "zeros"}
        length = card.window or WARM_UP_LENGTH
        samples = ", {".join(
            _SAMPLE.format(name=name, size=size, length=length) for size, name in sizes.items()
        )
        return f"{text}model_warmup [ {{{samples} ]\n"


def _parameter(key: str, value: object) -> str:
    return f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'


_TENSORRT = """\
optimization {{ execution_accelerators {{ gpu_execution_accelerator [ {{
  name: "tensorrt"
  parameters {{ key: "precision_mode" value: "{precision}" }}
  parameters {{ key: "trt_engine_cache_enable" value: "1" }}
}} ] }} }}
"""
_SAMPLE = """
  name: "{name}"
  batch_size: {size}
  inputs {{ key: "codes" value {{ data_type: TYPE_UINT8 dims: [ {length} ] zero_data: true }} }}
}}"""
