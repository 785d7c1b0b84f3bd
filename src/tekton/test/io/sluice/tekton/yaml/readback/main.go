// Reads YAML as Kubernetes does: a JSON list of texts on standard input, the list of their values on standard output.
package main

import (
	"encoding/json"
	"log"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		log.Fatal(err)
	}
	values := make([]any, len(texts))
	for i, text := range texts {
		if value, err := yaml.YAMLToJSONStrict([]byte(text)); err != nil {
			values[i] = "cannot be read: " + err.Error()
		} else {
			values[i] = json.RawMessage(value)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(values); err != nil {
		log.Fatal(err)
	}
}
