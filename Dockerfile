# Two stages: the first installs from hashed locks, the second carries the result and nothing to build with.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/run.txt requirements/build.txt requirements/
RUN python -m venv /app \
    && /app/bin/python -m pip install --require-hashes --only-binary :all: -r requirements/run.txt
RUN python -m venv /build \
    && /build/bin/python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY collector collector
COPY dashboard dashboard
COPY migrations migrations
RUN /build/bin/python -m hatchling build --target wheel --directory /dist \
    && /app/bin/python -m pip install --no-index --no-deps /dist/*.whl \
    && /app/bin/python -m pip uninstall --yes pip \
    && find /app -type d -name tests -prune -exec rm -rf {} + \
    && rm -rf /app/share /app/lib/python*/site-packages/pyarrow/include \
    && /app/bin/python -m compileall -q -j 0 /app

FROM python:${PYTHON}-slim
ENV PATH=/app/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp
COPY --from=build /app /app
# No name is needed: the files are the image's, and what is written goes to /data and /tmp.
RUN install -d -o 10001 -g 10001 /data
USER 10001:10001
WORKDIR /data
EXPOSE 8501
# Right for every command: the database answers, at this program's revision. The dashboard's own is in docker-compose.yml.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 CMD ["aoai-monitor", "db", "check"]
ENTRYPOINT ["aoai-monitor"]
CMD ["serve"]
