#!/bin/sh
# Runs a command of this checkout on AArch64, emulated: tools/aarch64.sh "pytest tests/test_crew.py". For root on
# Debian or Ubuntu with qemu-user-static, debootstrap and binfmt_misc. It is some twenty times as slow as a processor.
set -eu
cd "$(dirname "$0")/.."
ROOT=${AARCH64_ROOT:-/var/tmp/nonlin-aarch64}
if [ ! -e "$ROOT/ready" ]; then
    debootstrap --arch=arm64 --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$ROOT"
    python3 -m pip download --quiet --dest "$ROOT/wheels" --only-binary=:all: --python-version 3.11 \
        --platform manylinux2014_aarch64 --platform manylinux_2_28_aarch64 \
        numpy ml_dtypes llvmlite mpmath sympy starlette uvicorn typer rich markdown-it-py pillow safetensors \
        scipy pytest pytest-xdist hypothesis
    chroot "$ROOT" python3 -m venv /venv
    chroot "$ROOT" sh -c "/venv/bin/pip install --quiet --no-index --no-deps /wheels/*.whl"
    touch "$ROOT/ready"
fi
rm -rf "$ROOT/checkout"
mkdir "$ROOT/checkout"
cp -r src tests pyproject.toml lessons exercises "$ROOT/checkout"
exec chroot "$ROOT" env HOME=/tmp PATH=/venv/bin:/usr/bin:/bin PYTHONPATH=/checkout/src sh -c "cd /checkout && $1"
