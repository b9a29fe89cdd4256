"""The shape of VGG-16, without any weights."""

# Convolutions a block and their output channels (Simonyan & Zisserman 2014,
# configuration D).
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
# Pixels of the input for one place of the last block's output, a side.
STRIDE = 32
# The widths of the hidden layers in the paper.
STANDARD_HEAD = (4096, 4096)
