"""VGG-16 in three pieces: the frozen trunk, block 5, and the head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from .architecture import BLOCKS


def fast_bfloat16() -> bool:
    """Whether bfloat16 is faster than float32 here. On processors without instructions for
    it, it is three times slower."""
    cpu = torch.cpu
    return torch.cuda.is_available() or cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported()


def _block(number: int, inputs: int, weights) -> tuple[nn.Sequential, int]:
    convolutions, outputs = BLOCKS[number - 1]
    layers: list[nn.Module] = []
    for i in range(1, convolutions + 1):
        layer = nn.Conv2d(inputs, outputs, 3, padding=1)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weights[f"conv{number}_{i}.weight"]).float())
            layer.bias.copy_(torch.from_numpy(weights[f"conv{number}_{i}.bias"]).float())
        layers += [layer, nn.ReLU(inplace=True)]
        inputs = outputs
    layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers), outputs


class Trunk(nn.Module):
    """Blocks 1 to 4 with ImageNet weights: (N, 3, S, S) to (N, 512, S/16, S/16)."""

    def __init__(self, convolutions: Path):
        super().__init__()
        weights = np.load(convolutions)
        channels, blocks = 3, []
        for number in (1, 2, 3, 4):
            block, channels = _block(number, channels, weights)
            blocks.append(block)
        self.blocks = nn.Sequential(*blocks)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.blocks(images)


class Top(nn.Module):
    """Block 5 and three fully connected layers: features to logits."""

    def __init__(self, convolutions: Path, side: int, head: list[int], classes: int, dropout: float):
        super().__init__()
        self.block5, channels = _block(5, 512, np.load(convolutions))
        inputs = channels * (side // 2) ** 2
        self.fc1 = nn.Linear(inputs, head[0])
        self.fc2 = nn.Linear(head[0], head[1])
        self.fc3 = nn.Linear(head[1], classes)
        self.dropout = nn.Dropout(dropout)

    def pooled(self, features: torch.Tensor) -> torch.Tensor:
        """(N, 512, s, s) to the flat input of the head."""
        return self.block5(features).flatten(1)

    def hidden(self, flat: torch.Tensor) -> torch.Tensor:
        """Flat features to the last hidden layer, (N, head[1])."""
        hidden = torch.relu(self.fc1(self.dropout(flat)))
        return torch.relu(self.fc2(self.dropout(hidden)))

    def classify(self, flat: torch.Tensor) -> torch.Tensor:
        """The head alone: flat features to logits."""
        return self.fc3(self.hidden(flat))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.classify(self.pooled(features))
