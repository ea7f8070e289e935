"""TLS: on listeners, and to endpoints whose certificates are verified against the system's roots."""

import os
import shutil
import ssl
import subprocess
import tempfile
import unittest

from harness import GatewayTest, main, switchgear, wait_until
from scripted_upstream import status


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Tls(GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="switchgear-tls-")
        cls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=A Test Authority", "-keyout", cls.file("ca.key"), "-out", cls.file("ca.pem"))
        cls.certificate("good", "DNS:localhost,IP:127.0.0.1")
        cls.certificate("other", "DNS:somebody.else.test")
        cls.certificate("expired", "DNS:localhost,IP:127.0.0.1", days="-1")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def file(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def openssl(cls, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    @classmethod
    def certificate(cls, name, names, days="2"):
        with open(cls.file(name + ".ext"), "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\n")
        cls.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                    "-keyout", cls.file(name + ".key"), "-out", cls.file(name + ".csr"))
        cls.openssl("x509", "-req", "-in", cls.file(name + ".csr"), "-CA", cls.file("ca.pem"), "-CAkey", cls.file("ca.key"),
                    "-CAcreateserial", "-days", days, "-extfile", cls.file(name + ".ext"), "-out", cls.file(name + ".pem"))

    def server(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file(name + ".pem"), self.file(name + ".key"))
        return self.upstream(tls=context)

    def trusting(self):
        return {"SSL_CERT_FILE": self.file("ca.pem"), "SSL_CERT_DIR": "/nonexistent"}

    def test_a_verified_endpoint_is_served(self):
        upstream = self.server("good")
        gateway = self.start({"shop": upstream}, environment=self.trusting())
        client = self.client(gateway)
        for _ in range(3):
            self.assertEqual(client.ask("GET", "/").status, 200)
        self.assertEqual(upstream.connections, 1, "kept alive")
        gateway.settled(3, verdict="success")

    def test_by_name_as_well(self):
        upstream = self.server("good")
        gateway = self.start({"shop": {"endpoints": [f"https://localhost:{upstream.port}"]}}, environment=self.trusting())
        self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual(upstream.requests[0].header("Host"), f"localhost:{upstream.port}")

    def test_a_certificate_that_proves_nothing_is_refused(self):
        for name, environment in (("good", {}), ("other", self.trusting()), ("expired", self.trusting())):
            upstream = self.server(name)
            gateway = self.start({"shop": upstream}, environment=environment)
            reply = self.ask(gateway)
            self.assertEqual(reply.status, 502, name)
            self.assertIn("error=tls_certificate_error", reply.header("Proxy-Status"), name)
            gateway.settled(1, verdict="failure", class_="unreachable")
            self.assertEqual(upstream.requests, [], "no byte of the request went out")

    def test_a_tls_listener_serves_and_says_so_to_the_service(self):
        upstream = self.upstream(status(200, body=b"b" * 3_000_000))
        settings = self.settings({"shop": upstream})
        settings["listeners"][0]["tls"] = {"certificate": self.file("good.pem"), "key": self.file("good.key")}
        gateway = self.run_gateway(settings)
        trust = ssl.create_default_context(cafile=self.file("ca.pem"))
        client = self.client(gateway, tls=trust)
        for _ in range(2):
            reply = client.ask("POST", "/", body=b"u" * 1_000_000)
            self.assertEqual((reply.status, len(reply.body)), (200, 3_000_000))
        self.assertEqual(upstream.requests[0].header("X-Forwarded-Proto"), "https")
        self.assertEqual(len(upstream.requests[0].body), 1_000_000)

    def test_behaviour_22_an_early_answer_arrives_though_the_body_is_still_being_sent(self):
        settings = self.settings({"shop": self.upstream()})
        settings["listeners"][0]["tls"] = {"certificate": self.file("good.pem"), "key": self.file("good.key")}
        gateway = self.run_gateway(settings)
        gateway.order("shop", "override", mode="forced_open", for_="10m")
        trust = ssl.create_default_context(cafile=self.file("ca.pem"))
        for _ in range(10):
            client = self.client(gateway, tls=trust)
            reply = client.ask("POST", "/", body=b"u" * 600_000)
            self.assertEqual((reply.status, reply.header("Connection"), reply.complete), (503, None, True))
            self.assertEqual(client.leftover(), b"", "and then the connection ends")

    def test_the_admin_port_speaks_tls_and_so_does_the_command_line(self):
        files = {"certificate": self.file("good.pem"), "key": self.file("good.key")}
        gateway = self.start(
            {"shop": self.upstream()},
            admin={"address": "127.0.0.1:@ADMIN@", "tls": files},
            admin_tls=ssl.create_default_context(cafile=self.file("ca.pem")),
        )
        self.assertEqual(gateway.state("shop"), "closed")
        admin = ("--admin", f"https://127.0.0.1:{gateway.admin_port}")
        self.assertEqual(switchgear("list", *admin, environment=self.trusting()).returncode, 0)
        self.assertEqual(switchgear("list", *admin).returncode, 3, "not trusted")

    def test_plain_text_on_a_tls_listener_harms_nobody(self):
        settings = self.settings({"shop": self.upstream()})
        settings["listeners"][0]["tls"] = {"certificate": self.file("good.pem"), "key": self.file("good.key")}
        gateway = self.run_gateway(settings)
        stranger = self.client(gateway)
        stranger.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        stranger.leftover()
        client = self.client(gateway, tls=ssl.create_default_context(cafile=self.file("ca.pem")))
        self.assertEqual(client.ask("GET", "/").status, 200)

    def test_a_renewed_certificate_is_used_after_a_reload(self):
        shutil.copy(self.file("other.pem"), self.file("live.pem"))
        shutil.copy(self.file("other.key"), self.file("live.key"))
        settings = self.settings({"shop": self.upstream()})
        settings["listeners"][0]["tls"] = {"certificate": self.file("live.pem"), "key": self.file("live.key")}
        gateway = self.run_gateway(settings)
        trust = ssl.create_default_context(cafile=self.file("ca.pem"))
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.client(gateway, tls=trust)
        shutil.copy(self.file("good.pem"), self.file("live.pem"))
        shutil.copy(self.file("good.key"), self.file("live.key"))
        gateway.reload()
        wait_until(lambda: gateway.reloads("success") >= 1, "reloaded")
        self.assertEqual(self.client(gateway, tls=trust).ask("GET", "/").status, 200)

    def test_health_checks_read_the_roots_once(self):
        shutil.copy(self.file("ca.pem"), self.file("roots.pem"))
        upstream = self.server("good")
        check = {"path": "/healthz", "every": "100ms", "timeout": "20s", "while": "open"}
        gateway = self.start({"shop": {"endpoints": [upstream.url], "health_check": check}},
                             environment={**self.trusting(), "SSL_CERT_FILE": self.file("roots.pem")})
        os.remove(self.file("roots.pem"))
        gateway.order("shop", "trip", for_="10m")
        wait_until(lambda: gateway.snapshot("shop")["probe_due"], "found healthy")

    def test_roots_that_were_put_right_are_used_after_a_reload(self):
        shutil.copy(self.file("other.pem"), self.file("corrected.pem"))
        gateway = self.start({"shop": self.server("good")},
                             environment={**self.trusting(), "SSL_CERT_FILE": self.file("corrected.pem")})
        self.assertEqual(self.ask(gateway).status, 502)
        shutil.copy(self.file("ca.pem"), self.file("corrected.pem"))
        gateway.reload()
        wait_until(lambda: gateway.reloads("success") >= 1, "reloaded")
        self.assertEqual(self.ask(gateway).status, 200)


if __name__ == "__main__":
    main()
