package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// startNginx starts an nginx, of one process as its figures are one's, that
// sends a file of the size of a large object.
func startNginx(binary string) (*target, error) {
	dir, err := os.MkdirTemp("", "brume-bench-")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	conf := strings.NewReplacer("DIR", dir, "ADDRESS", address).Replace(`
master_process off; daemon off; pid DIR/pid; error_log DIR/errors;
events { worker_connections 256; }
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
	client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi; uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
	server { listen ADDRESS; root DIR/files; }
}
`)
	files := filepath.Join(dir, "files")
	for name, content := range map[string][]byte{"conf": []byte(conf), "files/file": bytes.Repeat([]byte("x"), largeObject)} {
		if err := os.MkdirAll(files, 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return nil, err
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil { // it gives up being root
		return nil, err
	}
	t, _, err := start("nginx", "http://"+address, "/file", binary, "-p", dir, "-e", filepath.Join(dir, "errors"), "-c", filepath.Join(dir, "conf"))
	if err != nil {
		return nil, fmt.Errorf("%w (see %s)", err, filepath.Join(dir, "errors"))
	}
	stop := t.stop
	t.stop = func() { stop(); os.RemoveAll(dir) }
	t.files = true
	return t, nil
}
