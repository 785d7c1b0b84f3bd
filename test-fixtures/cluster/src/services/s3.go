package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

// s3 serves a folder as S3: one bucket for each of its folders. Requests must be signed (AWS
// signature version 4) by the one account that the variables name.
func s3(ctx context.Context) error {
	addr := flag.String("addr", "127.0.0.1:9000", "address to listen on")
	root := flag.String("root", "", "folder that holds the buckets")
	region := flag.String("region", "us-east-1", "region that signatures name")
	flag.Parse()
	key, secret := os.Getenv("ROOT_ACCESS_KEY"), os.Getenv("ROOT_SECRET_KEY")
	if key == "" || secret == "" {
		return fmt.Errorf("s3: ROOT_ACCESS_KEY and ROOT_SECRET_KEY must be set")
	}
	backend, err := posix.New(*root, meta.XattrMeta{}, posix.PosixOpts{NewDirPerm: 0o755, CopyObjectThreshold: 5 << 30})
	if err != nil {
		return fmt.Errorf("s3: %w", err)
	}
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess:    key,
		RootUserSecret:    secret,
		Region:            *region,
		Ports:             []string{*addr},
		MaxConnections:    4096,
		MaxRequests:       2048,
		MultipartMaxParts: 10000,
		KeepAlive:         true,
		Quiet:             true,
	})
}
