package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// volumes answers claims with folders of this machine. All nodes are on it, so that every volume
// can be mounted on all of them at once (ReadWriteMany); being `local` volumes and not host paths,
// the kubelet gives them to a pod's fsGroup, and users other than root can write.
func volumes(ctx context.Context) error {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	name := flag.String("provisioner", "sluice.test/folder", "name that storage classes give")
	root := flag.String("root", "", "folder that holds the volumes")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return fmt.Errorf("volumes: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("volumes: %w", err)
	}
	controller.NewProvisionController(ctx, client, *name, folders{*root},
		controller.LeaderElection(false)).Run(ctx)
	return nil
}

// folders provisions a folder per claim below its root.
type folders struct{ root string }

func (f folders) Provision(
	_ context.Context, o controller.ProvisionOptions,
) (*v1.PersistentVolume, controller.ProvisioningState, error) {
	path := filepath.Join(f.root, o.PVName)
	if err := os.MkdirAll(path, 0o770); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	return &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: o.PVName},
		Spec: v1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *o.StorageClass.ReclaimPolicy,
			AccessModes:                   o.PVC.Spec.AccessModes,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: o.PVC.Spec.Resources.Requests[v1.ResourceStorage]},
			PersistentVolumeSource:        v1.PersistentVolumeSource{Local: &v1.LocalVolumeSource{Path: path}},
			NodeAffinity:                  everyNode(),
		},
	}, controller.ProvisioningFinished, nil
}

// everyNode is the affinity that a local volume must have, and that restricts nothing here.
func everyNode() *v1.VolumeNodeAffinity {
	return &v1.VolumeNodeAffinity{Required: &v1.NodeSelector{NodeSelectorTerms: []v1.NodeSelectorTerm{{
		MatchExpressions: []v1.NodeSelectorRequirement{{
			Key: v1.LabelOSStable, Operator: v1.NodeSelectorOpIn, Values: []string{"linux"},
		}},
	}}}}
}

func (f folders) Delete(_ context.Context, volume *v1.PersistentVolume) error {
	if volume.Spec.Local == nil || filepath.Dir(volume.Spec.Local.Path) != filepath.Clean(f.root) {
		return fmt.Errorf("%s is no volume of %s", volume.Name, f.root)
	}
	return os.RemoveAll(volume.Spec.Local.Path)
}
