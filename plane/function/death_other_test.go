//go:build !linux

package function

func startServer(string) {}
