"""Jupyter's own test of kernels, with every sample that Fovea can answer: it has no standard error, no pager, and clears
no outputs."""

import unittest

import jupyter_kernel_test


class Fovea(jupyter_kernel_test.KernelTests):
    kernel_name = "fovea"
    language_name = "fovea"
    file_extension = ".fov"
    code_hello_world = 'note "hello, world"'
    code_execute_result = [
        {"code": "let N = 3", "result": "N = 3"},
        {"code": "let halves = {1, 0.5}", "result": "halves = {1,0.5}"},
        {"code": "let M = N^2\nlet K = M + 1", "result": "K = 10"},
        {"code": "net tiny = 8x8x1 - conv 4 - relu, softmax 10"},
        {"code": "summary tiny"},
        {"code": "summary tiny", "mime": "text/html"},
    ]
    code_display_data = [
        {"code": "show digits[0..4]", "mime": "image/svg+xml"},
        {"code": "show digits[0..4]", "mime": "image/png"},
        {"code": "show digits[0..4]", "mime": "text/plain"},
    ]
    code_generate_error = "net wrong = 8x8x1 - rellu"
    completion_samples = [
        {"text": "tra", "matches": {"train"}},
        {"text": "summary alexn", "matches": {"alexnet", "alexnet.grouped", "alexnet.torchvision"}},
        {"text": "net a = 8x8x1 - dro", "matches": {"dropout"}},
        {"text": "train lenet on digits w", "matches": {"with", "warmup", "weights"}},
        {"text": "note \"tra", "matches": set()},
    ]
    complete_code_samples = ["let a = 1", "net a = 8x8x1 - conv 4\ntrain a on digits for 1 epochs", "# nothing", ""]
    incomplete_code_samples = ["net a = 8x8x1 - conv {4,", "net a = 8x8x1 - (conv 4 -", "net a ="]
    invalid_code_samples = ["net a = 8x8x1 - conv )", "let a = = 1", "note \"never closed"]
    code_inspect_sample = "conv"
    code_history_pattern = "let h*"
    supported_history_operations = ("tail", "range", "search")


if __name__ == "__main__":
    unittest.main(verbosity=2)
