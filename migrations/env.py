"""Run by Alembic with the connection and the transaction that `collector.store.schema` opened."""

import re

from alembic import context

from collector.store.tables import PARTITIONED, metadata

_PARTITION = re.compile(rf"({'|'.join(PARTITIONED)})_\d{{4}}_\d{{2}}")


def include_name(name: str | None, type_: str, _: object) -> bool:
    """Months of a partitioned table are data, not schema."""
    return not (type_ == "table" and name is not None and _PARTITION.fullmatch(name))


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations run through `aoai-monitor db upgrade`, which opens the database")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=include_name,
        compare_type=True,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
