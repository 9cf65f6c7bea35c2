"""S3 through boto3 and the AWS CLI: objects, transfers, presigned requests, websites, lifecycles."""

import gzip
import hashlib
import io
import json
import os
import socket
import urllib.error
import urllib.request

import pytest
from botocore.config import Config
from helpers import document, let, refused

PATH = Config(s3={"addressing_style": "path"})


@pytest.fixture
def s3(brume):
    return brume.client("s3")


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=name)
    return name


def fetch(url, method="GET", body=None, headers=()):
    """A request without any SDK: status, headers and body."""
    request = urllib.request.Request(url, method=method, data=body, headers=dict(headers))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as r:
            return r.status, r.headers, r.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


@pytest.fixture
def names(monkeypatch):
    """Finds names below localhost on machines whose resolver does not (RFC 6761 says that it should)."""
    find = socket.getaddrinfo

    def anywhere(host, *args, **kwargs):
        return find("localhost" if str(host).endswith(".localhost") else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", anywhere)


@pytest.mark.parametrize("style", ["auto", "path", "virtual"])
def test_an_object_comes_back_as_it_was(brume, bucket, style, names):
    s3 = brume.client("s3", config=Config(s3={"addressing_style": style}))
    key = "a dir/ü+%2F?&#*' ~.txt"
    for size in (0, 1, 20_000, 300_000):
        body = os.urandom(size)
        put = s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"colour": "blue"}, ContentType="text/x", Tagging="a=b&c=d")
        assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
        got = s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        assert got["Body"].read() == body
        assert got["Metadata"] == {"colour": "blue"} and got["ContentType"] == "text/x" and got["TagCount"] == 2
        assert got["ContentLength"] == size and got["ChecksumType"] == "FULL_OBJECT"
    (listed,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert listed["Key"] == key and listed["Size"] == 300_000
    assert s3.get_object(Bucket=bucket, Key=key, Range="bytes=10-19")["Body"].read() == body[10:20]
    s3.delete_object(Bucket=bucket, Key=key)
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key=key)
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key=key)
    refused("404", s3.head_object, Bucket=bucket, Key=key)
    refused("NoSuchBucket", s3.list_objects_v2, Bucket="no-such-bucket-here")


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_in_trailers_and_headers(s3, bucket, algorithm):
    body = os.urandom(100_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(body), ChecksumAlgorithm=algorithm)
    assert put[f"Checksum{algorithm}"]
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read() == body
    refused("BadDigest", s3.put_object, Bucket=bucket, Key="k", Body=b"x", ChecksumSHA256="47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")


def test_managed_transfers_use_parts(s3, bucket, tmp_path):
    body = os.urandom(20 << 20)
    (tmp_path / "big").write_bytes(body)
    s3.upload_file(str(tmp_path / "big"), bucket, "big", ExtraArgs={"ContentEncoding": "gzip", "StorageClass": "STANDARD_IA"})
    head = s3.head_object(Bucket=bucket, Key="big")
    assert head["ETag"].endswith('-3"') and head["StorageClass"] == "STANDARD_IA" and head["ContentEncoding"] == "gzip"
    s3.download_file(bucket, "big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body
    attributes = s3.get_object_attributes(Bucket=bucket, Key="big", ObjectAttributes=["ObjectParts", "ObjectSize", "Checksum"])
    assert attributes["ObjectSize"] == len(body) and attributes["ObjectParts"]["TotalPartsCount"] == 3


def test_the_resource_layer(brume, name):
    bucket = brume.resource("s3").create_bucket(Bucket=name)
    bucket.Versioning().enable()
    for n in range(25):
        bucket.put_object(Key=f"{n:02}", Body=b"x")
    assert [o.key for o in bucket.objects.page_size(7)] == [f"{n:02}" for n in range(25)]
    bucket.objects.all().delete()
    assert list(bucket.objects.all()) == [] and len(list(bucket.object_versions.all())) == 50
    bucket.object_versions.delete()
    bucket.delete()


def test_writes_with_conditions(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    tag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=tag)
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="k", Body=b"4", IfMatch=tag)
    refused("304", s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=s3.head_object(Bucket=bucket, Key="k")["ETag"])


def test_buckets_have_regions(brume, s3, name):
    far = brume.session(region="eu-central-1").client("s3", endpoint_url=brume.url)
    far.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-central-1"
    far.put_object(Bucket=name, Key="k", Body=b"x")
    # botocore follows the redirect to the bucket's region.
    assert brume.client("s3").get_object(Bucket=name, Key="k")["Body"].read() == b"x"


def form(post, content):
    """Uploads as a page's form would."""
    line = "--xxxx\r\nContent-Disposition: form-data; name="
    head = "".join(f'{line}"{k}"\r\n\r\n{v}\r\n' for k, v in post["fields"].items())
    body = f'{head}{line}"file"; filename="f.txt"\r\n\r\n'.encode() + content + b"\r\n--xxxx--\r\n"
    return fetch(post["url"], "POST", body, {"Content-Type": "multipart/form-data; boundary=xxxx"})


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_requests(brume, bucket, version):
    s3 = brume.client("s3", config=Config(signature_version=version))
    up = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    assert fetch(up, "PUT", b"hello")[0] == 200
    down = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k", "ResponseContentType": "text/y"})
    status, headers, body = fetch(down)
    assert (status, headers["Content-Type"], body) == (200, "text/y", b"hello")
    post = s3.generate_presigned_post(bucket, "up/${filename}", Conditions=[["content-length-range", 1, 10]])
    status, _, body = form(post, b"posted")
    assert status == 204, body
    assert form(post, b"much too long for it")[0] == 400
    assert brume.client("s3").get_object(Bucket=bucket, Key="up/f.txt")["Body"].read() == b"posted"


def test_signatures_are_checked(brume, bucket, name):
    iam = brume.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        {"Effect": "Allow", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}))
    s3 = brume.client("s3", key["AccessKeyId"], key["SecretAccessKey"])
    s3.put_object(Bucket=bucket, Key="a b/ü", Body=io.BytesIO(os.urandom(200_000)))
    assert len(s3.get_object(Bucket=bucket, Key="a b/ü")["Body"].read()) == 200_000
    for version in ("s3", "s3v4"):
        s3 = brume.client("s3", key["AccessKeyId"], key["SecretAccessKey"], config=Config(signature_version=version))
        url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/ü", "ResponseContentType": "x/y"}, ExpiresIn=60)
        assert fetch(url)[0] == 200
        status, _, body = fetch(url.replace("ature=", "ature=0"))
        assert status == 403 and b"SignatureDoesNotMatch" in body
        post = s3.generate_presigned_post(bucket, "posted")
        assert form(post, b"x")[0] == 204
        post["fields"]["policy"] = post["fields"]["policy"].replace("A", "B", 1)
        assert form(post, b"x")[0] in (400, 403)
    wrong = brume.client("s3", key["AccessKeyId"], "wrong")
    refused("SignatureDoesNotMatch", wrong.list_objects_v2, Bucket=bucket)
    refused("AccessDenied", s3.list_buckets)


def test_a_website(brume, s3, bucket):
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=document(let("*", "s3:GetObject", f"arn:aws:s3:::{bucket}/*")))
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"}})
    page = gzip.compress(b"<h1>hello</h1>")
    s3.put_object(Bucket=bucket, Key="index.html", Body=page, ContentType="text/html", ContentEncoding="gzip")
    s3.put_object(Bucket=bucket, Key="404.html", Body=b"not here", ContentType="text/html")
    site = {"Host": f"{bucket}.s3-website-us-east-1.amazonaws.com"}
    status, headers, body = fetch(brume.url + "/", headers=site)
    assert (status, headers["Content-Type"], headers["Content-Encoding"], body) == (200, "text/html", "gzip", page)
    assert fetch(brume.url + "/nothing", headers=site)[::2] == (403, b"not here")


def test_lifecycle_and_restore_take_their_time(fresh):
    s3 = fresh.client("s3")
    s3.create_bucket(Bucket="cold")
    s3.put_bucket_lifecycle_configuration(Bucket="cold", LifecycleConfiguration={"Rules": [
        {"ID": "freeze", "Status": "Enabled", "Filter": {"Prefix": ""}, "Transitions": [{"Days": 10, "StorageClass": "DEEP_ARCHIVE"}], "Expiration": {"Days": 40}},
    ]})
    assert s3.get_bucket_lifecycle_configuration(Bucket="cold")["Rules"][0]["ID"] == "freeze"
    s3.put_object(Bucket="cold", Key="k", Body=os.urandom(200_000))
    fresh.advance("12d")
    assert s3.head_object(Bucket="cold", Key="k")["StorageClass"] == "DEEP_ARCHIVE"
    refused("InvalidObjectState", s3.get_object, Bucket="cold", Key="k")
    s3.restore_object(Bucket="cold", Key="k", RestoreRequest={"Days": 3, "GlacierJobParameters": {"Tier": "Standard"}})
    fresh.advance("12h")
    assert len(s3.get_object(Bucket="cold", Key="k")["Body"].read()) == 200_000
    fresh.advance("30d")
    assert "Contents" not in s3.list_objects_v2(Bucket="cold")


def test_an_acknowledged_object_survives_a_kill(tmp_path):
    from brume import Brume

    b = Brume(data=str(tmp_path / "data")).start()
    s3 = b.client("s3")
    s3.create_bucket(Bucket="kept")
    small, large = os.urandom(100), os.urandom(3 << 20)
    s3.put_object(Bucket="kept", Key="small", Body=small)
    s3.put_object(Bucket="kept", Key="large", Body=large)
    torn = socket.create_connection(("127.0.0.1", b.port))
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "kept", "Key": "torn"}).split(str(b.port), 1)[1]
    torn.sendall(f"PUT {url} HTTP/1.1\r\nHost: localhost:{b.port}\r\nContent-Length: 1000000\r\n\r\n".encode() + os.urandom(500_000))
    b.kill()
    torn.close()
    b.start()
    s3 = b.client("s3")
    assert s3.get_object(Bucket="kept", Key="small")["Body"].read() == small
    assert s3.get_object(Bucket="kept", Key="large")["Body"].read() == large
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="kept")["Contents"]] == ["large", "small"]
    files = [f for _, _, names in os.walk(tmp_path / "data" / "objects") for f in names]
    assert len(files) == 1, "the torn upload left something"
    assert b.stop() == 0


def test_the_command_line(brume, name, tmp_path):
    brume.aws("s3api", "create-bucket", "--bucket", name)
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    for n in range(5):
        (tree / "sub" / f"{n}.txt").write_text(f"file {n}")
    big = os.urandom(9 << 20)
    (tree / "big.bin").write_bytes(big)
    run(brume, "s3", "sync", str(tree), f"s3://{name}/tree")
    assert "tree/big.bin" in run(brume, "s3", "ls", "--recursive", f"s3://{name}")
    assert "PRE sub/" in run(brume, "s3", "ls", f"s3://{name}/tree/")
    (tree / "sub" / "0.txt").unlink()
    run(brume, "s3", "sync", "--delete", str(tree), f"s3://{name}/tree")
    run(brume, "s3", "sync", f"s3://{name}/tree", str(tmp_path / "back"))
    assert (tmp_path / "back" / "big.bin").read_bytes() == big
    assert sorted(os.listdir(tmp_path / "back" / "sub")) == [f"{n}.txt" for n in range(1, 5)]
    run(brume, "s3", "cp", f"s3://{name}/tree/big.bin", f"s3://{name}/copy")
    run(brume, "s3", "mv", f"s3://{name}/copy", f"s3://{name}/moved")
    status, _, body = fetch(run(brume, "s3", "presign", f"s3://{name}/moved").strip())
    assert status == 200 and body == big
    assert brume.aws("s3api", "list-objects-v2", "--bucket", name, "--prefix", "moved")["Contents"][0]["Size"] == len(big)
    run(brume, "s3", "rb", "--force", f"s3://{name}")
    assert json.dumps(brume.aws("s3api", "list-buckets")).find(f'"{name}"') < 0


def run(brume, *arguments):
    """Runs the CLI's s3 commands, which print text."""
    import subprocess

    aws = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), ".venv", "bin", "aws")
    done = subprocess.run([aws, *arguments], env=brume.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
