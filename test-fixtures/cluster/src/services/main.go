// Command services is what the test cluster has besides Kubernetes and Tekton, one program each by
// its first argument: name resolution (CoreDNS), volumes and an S3 server (versitygw).
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: services dns|volumes|s3 OPTIONS"))
	}
	name := os.Args[1]
	os.Args = os.Args[1:]
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch name {
	case "dns":
		dns()
	case "volumes":
		fail(volumes(ctx))
	case "s3":
		fail(s3(ctx))
	default:
		fail(fmt.Errorf("unknown service %q", name))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
		os.Exit(1)
	}
}
