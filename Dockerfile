# One image for the processor and one for NVIDIA GPUs (docs/gpu.md):
#   docker build -t fgnm .
#   docker build -t fgnm-gpu --build-arg DEVICE=gpu .
#   docker run --rm -v "$PWD/results:/bench/results" --user "$(id -u):$(id -g)" fgnm attack.py --zoo demo
# CUDA's libraries come with TensorFlow's packages and the driver from the host, so that both images
# have the same base.
FROM python:3.12.8-slim-bookworm

ARG DEVICE=cpu
# HOME: caches go where any user may write. The last two are read by NVIDIA's container toolkit.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOME=/tmp \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

WORKDIR /bench
COPY requirements.txt requirements-gpu.txt requirements.lock ./
RUN case "$DEVICE" in \
        cpu) file=requirements.txt ;; \
        gpu) file=requirements-gpu.txt ;; \
        *) echo "DEVICE is $DEVICE; it must be cpu or gpu." >&2; exit 2 ;; \
    esac && \
    pip install -r "$file" -c requirements.lock

COPY . .
RUN useradd --uid 1000 --no-create-home bench && \
    mkdir -p results checkpoints && chown bench:bench results

USER bench
VOLUME ["/bench/results"]
ENTRYPOINT ["python"]
CMD ["attack.py", "--help"]
