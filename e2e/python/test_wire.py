"""The port itself: TLS, HTTP/2, and requests that no SDK would send."""

import json
import socket
import ssl
import urllib.error
import urllib.request

import h2.config
import h2.connection
import h2.events
import pytest
from helpers import refused


def raw(brume, data):
    """Sends bytes, and returns all that comes back."""
    with socket.create_connection(("127.0.0.1", brume.port), timeout=10) as s:
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may hang up before it has read all
        got = b""
        try:
            while more := s.recv(65536):
                got += more
        except ConnectionResetError:
            pass
        return got


def post(brume, body, headers, path="/"):
    request = urllib.request.Request(brume.url + path, data=body, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


@pytest.fixture(autouse=True)
def healthy_afterwards(brume):
    yield
    assert brume.control("GET", "health")[0] == 200
    brume.client("sqs").list_queues()


def http2(s, path="/_brume/health"):
    """One GET over an open connection: the status and the body."""
    c = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    c.initiate_connection()
    c.send_headers(
        1, [(":method", "GET"), (":path", path), (":scheme", "https"), (":authority", "localhost")], end_stream=True
    )
    s.sendall(c.data_to_send())
    status, body = None, b""
    while True:
        data = s.recv(65536)
        assert data, "the connection ended"
        for event in c.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                status = dict(event.headers)[":status"]
            if isinstance(event, h2.events.DataReceived):
                body += event.data
            if isinstance(event, h2.events.StreamEnded):
                return status, json.loads(body)
        s.sendall(c.data_to_send())


def test_http2_with_prior_knowledge(brume):
    with socket.create_connection(("127.0.0.1", brume.port), timeout=10) as s:
        status, health = http2(s)
    assert status == "200" and health["status"]


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_tls_on_the_same_port(brume, protocol):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    with socket.create_connection(("127.0.0.1", brume.port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as s:
            assert s.selected_alpn_protocol() == protocol
            if protocol == "h2":
                assert http2(s)[0] == "200"
            else:
                s.sendall(b"GET /_brume/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert s.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_boto3_over_tls(brume):
    s = brume.session()
    url = brume.url.replace("http:", "https:")
    sqs = s.client("sqs", endpoint_url=url, verify=False)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sqs.list_queues()


JSON = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ListQueues"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_an_unsigned_request_is_refused(brume):
    status, headers, body = post(brume, b"{}", JSON)
    assert status == 400 and json.loads(body)["__type"].endswith("MissingAuthenticationTokenException")
    assert headers["x-amzn-RequestId"]
    status, _, body = post(brume, b"Action=ListUsers&Version=2010-05-08", FORM)
    assert status == 403 and b"<Code>MissingAuthenticationToken</Code>" in body


def test_a_stale_or_senseless_signature_is_refused(brume):
    stale = (
        "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/sqs/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
    )
    status, _, body = post(brume, b"{}", {**JSON, "Authorization": stale, "X-Amz-Date": "20200101T000000Z"})
    assert status == 400 and b"InvalidSignatureException" in body
    status, _, body = post(brume, b"{}", {**JSON, "Authorization": "AWS4-HMAC-SHA256 nonsense"})
    assert status == 400 and b"IncompleteSignatureException" in body
    assert b"nonsense" not in body


def signed(brume, body, target, service="sqs"):
    """A request that boto would sign, with any body and target."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {"Content-Type": "application/x-amz-json-1.0"}
    if target:
        headers["X-Amz-Target"] = target
    else:
        headers = dict(FORM)
    request = AWSRequest("POST", brume.url + "/", data=body, headers=headers)
    SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
    return post(brume, body, dict(request.headers))


@pytest.mark.parametrize(
    "body, target, code",
    [
        (b'{"QueueName": ', "AmazonSQS.CreateQueue", b"SerializationException"),
        (b'{"QueueName": 5}', "AmazonSQS.CreateQueue", b"SerializationException"),
        (b"[" * 100_000, "AmazonSQS.CreateQueue", b"SerializationException"),
        (b"\xff\xfe", "AmazonSQS.CreateQueue", b"SerializationException"),
        (b"{}", "AmazonSQS.NoSuchOperation", b"UnknownOperationException"),
        (b"{}", "AmazonSQS.CreateQueue", b"MissingParameter"),
    ],
)
def test_what_is_malformed_gets_awss_error(brume, body, target, code):
    status, headers, answer = signed(brume, body, target)
    assert status == 400 and code in answer + headers.get("x-amzn-query-error", "").encode()


def test_malformed_queries(brume):
    status, _, body = signed(brume, b"Action=Nonsense&Version=2010-05-08", None, "iam")
    assert status == 400 and b"<Code>InvalidAction</Code>" in body
    status, _, body = signed(brume, b"%zz&&&=", None, "iam")
    assert 400 <= status < 500 and b"<Code>" in body


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\2\3\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * (2 << 20) + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64,
        b"\x16\x03\x01\xff\xff" + b"\0" * 64,
        b"GET / HTTP/1.7\r\n\r\n",
    ],
)
def test_noise_harms_nobody(brume, data):
    answer = raw(brume, data)
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 500"))


def test_a_body_that_is_too_big(brume):
    answer = raw(
        brume,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\n"
        b"X-Amz-Target: AmazonSQS.CreateQueue\r\nContent-Length: 99999999999\r\n\r\n{",
    )
    assert answer.startswith(b"HTTP/1.1 413 ") and b"RequestEntityTooLargeException" in answer


def test_hundreds_of_half_requests(brume):
    many = [socket.create_connection(("127.0.0.1", brume.port), timeout=10) for _ in range(300)]
    for s in many:
        s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    brume.client("sqs").list_queues()
    for s in many:
        s.close()


def test_an_iam_users_wrong_signature(brume, iam, name):
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    refused("SignatureDoesNotMatch", brume.client("sts", key, "wrong").get_caller_identity)
