# The gateway's image: the locked runtime packages and the source, run by a user without rights.

FROM python:3.11-slim AS packages
COPY lock/base.txt /lock/base.txt
RUN python -m venv /packages \
    && /packages/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /lock/base.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin gateway
COPY --from=packages /packages /packages
WORKDIR /app
COPY gateway gateway
COPY datasources datasources
COPY sql sql
ENV PATH=/packages/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
ENTRYPOINT ["python", "-m", "gateway.cli"]
CMD ["serve"]
