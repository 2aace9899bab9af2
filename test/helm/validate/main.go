// Reads Kubernetes manifests on stdin, judges each as an API server of the version in go.mod would, with the admission
// of the restricted Pod Security Standard for what makes pods, and prints what is wrong, a line each.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	problems, err := judgeAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func judgeAll(in io.Reader) ([]string, error) {
	reader := yaml.NewYAMLReader(bufio.NewReader(in))
	var problems []string
	objects := 0
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if isEmpty(document) {
			continue
		}
		objects++
		problems = append(problems, judge(document)...)
	}
	if objects == 0 {
		return nil, errors.New("there is no manifest on stdin")
	}
	return problems, nil
}

func isEmpty(document []byte) bool {
	json, err := yaml.ToJSON(document)
	return err == nil && string(json) == "null"
}
