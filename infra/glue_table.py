"""Glue tables from row models: comments, and partitions projected instead of registered. And the views of Athena."""

import base64
import json
from dataclasses import dataclass
from datetime import date

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from daybreak.lake.tables import DUCKDB_TYPES, GLUE_TYPES, Row, glue_columns
from daybreak.metrics.views import View

_PARQUET_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_PARQUET_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


@dataclass(frozen=True)
class Partition:
    """A partition column, and the rule by which Athena computes its values."""

    name: str
    type: str
    projection: dict[str, str]

    @staticmethod
    def date(name: str, since: date) -> "Partition":
        """Every day from `since` to tomorrow: an event may be up to a day ahead."""
        values = {
            "type": "date",
            "format": "yyyy-MM-dd",
            "range": f"{since},NOW+1DAYS",
            "interval": "1",
            "interval.unit": "DAYS",
        }
        return Partition(name, "date", values)

    @staticmethod
    def one_of(name: str, values: list[str]) -> "Partition":
        return Partition(name, "string", {"type": "enum", "values": ",".join(values)})


def parquet_table(
    scope: Construct,
    name: str,
    model: type[Row],
    database: glue.CfnDatabase,
    bucket: s3.IBucket,
    by: list[Partition],
    folder: str | None = None,
) -> glue.CfnTable:
    """The table `name` over the Parquet files in `folder` (its own name by default), by these partitions or without."""
    location = bucket.s3_url_for_object(folder or name)
    described = {column["Name"]: column for column in glue_columns(model)}
    keys = {partition.name for partition in by}
    template = "/".join(f"{partition.name}=${{{partition.name}}}" for partition in by)
    projection = {
        f"projection.{partition.name}.{key}": value for partition in by for key, value in partition.projection.items()
    }
    if by:
        projection |= {"projection.enabled": "true", "storage.location.template": f"{location}/{template}"}
    return glue.CfnTable(
        scope,
        f"Table-{name}",
        catalog_id=Stack.of(scope).account,
        database_name=database.ref,
        table_input=glue.CfnTable.TableInputProperty(
            name=name,
            description=(model.__doc__ or "").strip(),
            table_type="EXTERNAL_TABLE",
            parameters={
                "classification": "parquet",
                "EXTERNAL": "TRUE",
                **projection,
            },
            partition_keys=[
                _column(partition.name, partition.type, described.get(partition.name, {}).get("Comment"))
                for partition in by
            ],
            storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                columns=[
                    _column(c["Name"], c["Type"], c["Comment"]) for c in described.values() if c["Name"] not in keys
                ],
                location=f"{location}/",
                input_format=_PARQUET_INPUT,
                output_format=_PARQUET_OUTPUT,
                serde_info=glue.CfnTable.SerdeInfoProperty(serialization_library=_PARQUET_SERDE),
            ),
        ),
    )


def athena_view(scope: Construct, view: View, database: glue.CfnDatabase, schema: str) -> glue.CfnTable:
    """The view as Athena's own CREATE VIEW stores it: a Glue table without data, which holds the query as Trino's JSON.

    `schema` is the name of the database, in which the query finds its tables.
    """
    query = {
        "originalSql": view.sql,
        "catalog": "awsdatacatalog",
        "schema": schema,
        # Trino refuses the view if its query gives other columns or types than these
        "columns": [{"name": column.name, "type": DUCKDB_TYPES[column.type].lower()} for column in view.columns],
    }
    return glue.CfnTable(
        scope,
        f"View-{view.name}",
        catalog_id=Stack.of(scope).account,
        database_name=database.ref,
        table_input=glue.CfnTable.TableInputProperty(
            name=view.name,
            description=view.description,
            table_type="VIRTUAL_VIEW",
            parameters={"presto_view": "true", "comment": "Presto View"},
            partition_keys=[],
            storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                columns=[_column(column.name, GLUE_TYPES[column.type], column.comment) for column in view.columns],
                location="",
                # Athena expects the part to be there; a view has nothing to say in it
                serde_info=glue.CfnTable.SerdeInfoProperty(name="-", serialization_library="-"),
            ),
            view_original_text=f"/* Presto View: {base64.b64encode(json.dumps(query).encode()).decode()} */",
            view_expanded_text="/* Presto View */",
        ),
    )


def _column(name: str, type_: str, comment: str | None) -> glue.CfnTable.ColumnProperty:
    return glue.CfnTable.ColumnProperty(name=name, type=type_, comment=comment)
