"""A simulated twin of a real shop: the world fitted to its marginals, and the marginals of any world.

Source  lifeloop.simulate.like.fit for the fit
Limits  a world is measured by its orders, order lines and refunds; nobody's visits are told
"""

from __future__ import annotations

import pyarrow as pa

from lifeloop.lake import Engine, Lake
from lifeloop.measure.marginals import Marginals, marginals
from lifeloop.schema import ORDER, ORDER_LINE, REFUND, TABLES, Table
from lifeloop.simulate import World, WorldConfig
from lifeloop.simulate.orders import order_tables


def measured(config: WorldConfig, lake: Lake, engine: Engine, *, sales_only: bool = False) -> Marginals:
    """Live a world to its end and return its marginals; its sales replace those in the lake. Raises NotEnoughData.

    With `sales_only` nothing follows the orders, and each is dated as its visit began.
    """
    world = World(config)
    rows: dict[str, list[pa.Table]] = {table.name: [table.empty()] for table in (ORDER, ORDER_LINE, REFUND)}
    for _ in range(config.shop.days):
        today = world.live(sales_only=sales_only)
        for table, part in zip(rows, (*order_tables(world, today.orders), today.refund), strict=True):
            rows[table].append(part)
    for name, parts in rows.items():
        lake.overwrite(TABLES[name], _whole(TABLES[name], pa.concat_tables(parts[1:])))
    return marginals(engine, zone="UTC")


def _whole(table: Table, rows: pa.Table) -> pa.Table:
    """Return rows with the columns that only an import works out left blank, or null where they may be."""
    columns = []
    for field in table.arrow():
        blank = pa.nulls(len(rows), field.type) if field.nullable else pa.repeat("", len(rows))
        given = rows[field.name] if field.name in rows.column_names else blank
        columns.append(given.cast(field.type))
    return pa.Table.from_arrays(columns, schema=table.arrow())
