"""Operations on bits, which PyTorch's operators do with our meaning, shifts by too much included."""

LOWER = {
    "bitwise_and": "{x} & {y}",
    "bitwise_or": "{x} | {y}",
    "bitwise_xor": "{x} ^ {y}",
    "bitwise_invert": "~{x:array}",
    "bitwise_left_shift": "{x:array} << {y}",
    "bitwise_right_shift": "{x:array} >> {y}",
}
