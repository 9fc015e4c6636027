"""ANNEXE as a transformers model: configuration, modeling, processing. Knows no ROS and nothing else of the house."""

from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoProcessor

from .configuration_annexe import AnnexeConfig
from .modeling_annexe import AnnexeForEgoIRG
from .outputs import AnnexeGeneration, AnnexeImageEncoding, AnnexeOutput
from .processing_annexe import MASK_TOKEN, NAME_SEPARATOR, AnnexeImageProcessor, AnnexeProcessor
from .tokenization_annexe import train_tokenizer

AutoConfig.register(AnnexeConfig.model_type, AnnexeConfig)
AutoModel.register(AnnexeConfig, AnnexeForEgoIRG)
AutoImageProcessor.register(AnnexeConfig, slow_image_processor_class=AnnexeImageProcessor)
AutoProcessor.register(AnnexeConfig, AnnexeProcessor)

__all__ = [
    "MASK_TOKEN",
    "NAME_SEPARATOR",
    "AnnexeConfig",
    "AnnexeForEgoIRG",
    "AnnexeGeneration",
    "AnnexeImageEncoding",
    "AnnexeImageProcessor",
    "AnnexeOutput",
    "AnnexeProcessor",
    "train_tokenizer",
]
