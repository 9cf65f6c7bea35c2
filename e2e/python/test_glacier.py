"""Glacier through boto3 and the AWS CLI: archives go in, wait, and come out as they were."""

import io
import os

import pytest
from botocore.utils import calculate_tree_hash
from helpers import refused

MB = 1 << 20


@pytest.fixture
def glacier(brume):
    return brume.client("glacier")


@pytest.fixture
def vault(glacier, name):
    glacier.create_vault(vaultName=name)
    glacier.get_waiter("vault_exists").wait(accountId="-", vaultName=name)
    return name


def tree_hash(body):
    return calculate_tree_hash(io.BytesIO(body))


def retrieve(archive, tier="Expedited"):
    return {"Type": "archive-retrieval", "ArchiveId": archive, "Tier": tier}


def test_an_archive_comes_out_as_it_went_in(brume, glacier, vault):
    body = os.urandom(2 * MB + 77)
    up = glacier.upload_archive(vaultName=vault, archiveDescription="two and a bit", body=body)
    assert up["checksum"] == tree_hash(body)
    job = glacier.initiate_job(vaultName=vault, jobParameters=retrieve(up["archiveId"]))["jobId"]
    message = refused("InvalidParameterValueException", glacier.get_job_output, vaultName=vault, jobId=job)
    assert message == f"The job is not currently available for download: {job}"
    brume.advance("5m")
    out = glacier.get_job_output(vaultName=vault, jobId=job)
    assert out["body"].read() == body
    assert out["checksum"] == up["checksum"] and out["archiveDescription"] == "two and a bit"
    part = glacier.get_job_output(vaultName=vault, jobId=job, range=f"bytes={MB}-{2 * MB - 1}")
    assert part["status"] == 206 and part["contentRange"] == f"bytes {MB}-{2 * MB - 1}/{len(body)}"
    assert part["checksum"] == tree_hash(part["body"].read()) == tree_hash(body[MB : 2 * MB])


def test_parts_become_an_archive(brume, glacier, vault):
    body = os.urandom(3 * MB + 5)
    upload = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(MB))["uploadId"]
    for at in range(0, len(body), MB):
        piece = body[at : at + MB]
        where = f"bytes {at}-{at + len(piece) - 1}/*"
        glacier.upload_multipart_part(vaultName=vault, uploadId=upload, range=where, body=piece)
    parts = glacier.get_paginator("list_parts").paginate(
        accountId="-", vaultName=vault, uploadId=upload, PaginationConfig={"PageSize": 3}
    )
    assert [p["SHA256TreeHash"] for page in parts for p in page["Parts"]] == [
        tree_hash(body[at : at + MB]) for at in range(0, len(body), MB)
    ]
    done = glacier.complete_multipart_upload(
        vaultName=vault, uploadId=upload, archiveSize=str(len(body)), checksum=tree_hash(body)
    )
    job = glacier.initiate_job(vaultName=vault, jobParameters=retrieve(done["archiveId"], "Bulk"))["jobId"]
    brume.advance("12h")
    assert glacier.get_job_output(vaultName=vault, jobId=job)["body"].read() == body


def test_errors_have_the_services_own_words(glacier, vault):
    assert "Checksum mismatch: expected " + "0" * 64 in refused(
        "InvalidParameterValueException", glacier.upload_archive, vaultName=vault, body=b"hello", checksum="0" * 64
    )
    assert refused("ResourceNotFoundException", glacier.describe_vault, vaultName="nowhere") == (
        "Vault not found for ARN: arn:aws:glacier:us-east-1:000000000000:vaults/nowhere"
    )


def test_the_command_line_reads_the_inventory_of_the_day_before(brume, vault, tmp_path):
    def aws(operation, *arguments):
        return brume.aws("glacier", operation, "--account-id", "-", "--vault-name", vault, *arguments)

    body, out = tmp_path / "in", tmp_path / "out"
    body.write_bytes(b"hello")
    archive = aws("upload-archive", "--body", str(body), "--archive-description", "a, b")["archiveId"]
    brume.advance("24h")
    job = aws("initiate-job", "--job-parameters", '{"Type": "inventory-retrieval", "Format": "CSV"}')["jobId"]
    brume.advance("5h")
    assert aws("get-job-output", "--job-id", job, str(out))["contentType"] == "text/csv"
    header, row = out.read_text().splitlines()
    assert header == "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash"
    assert row.startswith(f'{archive},"a, b",')
    assert row.endswith(",5,2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
