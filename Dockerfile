# syntax=docker/dockerfile:1
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/build && python -m venv /opt/territory
# otel.txt instead of runtime.txt: with what sends traces.
ARG REQUIREMENTS=runtime.txt
WORKDIR /source
COPY requirements/ requirements/
RUN /opt/build/bin/pip install --require-hashes -r requirements/build.txt
RUN /opt/territory/bin/pip install --require-hashes -r requirements/${REQUIREMENTS}
COPY pyproject.toml hatch_build.py README.md LICENSE NOTICE ./
COPY docs/openapi.json docs/
COPY app/ app/
COPY checker/ checker/
COPY geo_data/ geo_data/
COPY optimizer/ optimizer/
# The wheel carries the built page; what builds it stays behind in this stage.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/territory/bin/pip install --no-deps /wheels/*.whl

FROM python:3.12-slim
LABEL org.opencontainers.image.title="Territory optimizer" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 territory \
 && useradd --uid 10001 --gid territory --no-create-home --shell /usr/sbin/nologin territory \
 && install -d -o territory -g territory /data
COPY --from=build /opt/territory /opt/territory
# Everything that is written at run time, compiled kernels included, goes below /data or /tmp: the root may be read-only.
ENV PATH=/opt/territory/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TERRITORY_DATA_DIR=/data \
    TERRITORY_HOST=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["territory"]
CMD ["serve"]
