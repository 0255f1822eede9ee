"""An Athena workgroup: where its results go, and how much one query may read."""

from aws_cdk import aws_athena as athena
from aws_cdk import aws_s3 as s3
from constructs import Construct

RESULTS = "athena-results"
"""Query results lie under this prefix, which the lake's lifecycle empties."""
GIGABYTE = 1024**3


def workgroup(
    scope: Construct, name: str, bucket: s3.IBucket, *, folder: str, scan_limit_gb: int, description: str
) -> None:
    """A workgroup whose queries write their results to `folder`, and are cancelled when they read beyond the limit."""
    athena.CfnWorkGroup(
        scope,
        "Workgroup",
        name=name,
        description=description,
        recursive_delete_option=True,
        work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            bytes_scanned_cutoff_per_query=scan_limit_gb * GIGABYTE,
            enforce_work_group_configuration=True,
            publish_cloud_watch_metrics_enabled=True,
            result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                output_location=bucket.s3_url_for_object(f"{folder}/"),
                encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                    encryption_option="SSE_S3"
                ),
            ),
        ),
    )
