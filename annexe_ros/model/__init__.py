"""ANNEXE as a transformers model: configuration, modeling, processing. Knows no ROS and nothing else of the house."""

from transformers import (
    AutoBackbone,
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    AutoProcessor,
    Blip2VisionConfig,
    Blip2VisionModel,
)

from .annexe_7b import PAPER_GROUNDING, PAPER_INPUT_SIDE, PAPER_LORA, annexe_7b
from .configuration_annexe import AnnexeConfig
from .efficientnet_lite import EfficientNetLiteBackbone, EfficientNetLiteConfig
from .modeling_annexe import PARTS, AnnexeForEgoIRG
from .outputs import AnnexeGeneration, AnnexeImageEncoding, AnnexeOutput, Opening
from .processing_annexe import MASK_TOKEN, NAME_SEPARATOR, AnnexeImageProcessor, AnnexeProcessor
from .tokenization_annexe import train_tokenizer

AutoConfig.register(EfficientNetLiteConfig.model_type, EfficientNetLiteConfig)
AutoBackbone.register(EfficientNetLiteConfig, EfficientNetLiteBackbone)
AutoConfig.register(AnnexeConfig.model_type, AnnexeConfig)
AutoModel.register(AnnexeConfig, AnnexeForEgoIRG)
# transformers has the model, but no entry for it.
AutoModel.register(Blip2VisionConfig, Blip2VisionModel, exist_ok=True)
AutoImageProcessor.register(AnnexeConfig, slow_image_processor_class=AnnexeImageProcessor)
AutoProcessor.register(AnnexeConfig, AnnexeProcessor)

__all__ = [
    "MASK_TOKEN",
    "NAME_SEPARATOR",
    "PAPER_GROUNDING",
    "PAPER_INPUT_SIDE",
    "PAPER_LORA",
    "PARTS",
    "AnnexeConfig",
    "AnnexeForEgoIRG",
    "AnnexeGeneration",
    "AnnexeImageEncoding",
    "AnnexeImageProcessor",
    "AnnexeOutput",
    "AnnexeProcessor",
    "EfficientNetLiteBackbone",
    "EfficientNetLiteConfig",
    "Opening",
    "annexe_7b",
    "train_tokenizer",
]
