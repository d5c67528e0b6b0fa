// Serves one file by http.ServeContent, with a tag and headers for caches. Says its port on the standard output.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

func serve(w http.ResponseWriter, r *http.Request) {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		panic(err)
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x-%x"`, info.ModTime().Unix(), info.Size()))
	w.Header().Set("Cache-Control", "max-age=60")
	w.Header().Set("Vary", "Origin")
	http.ServeContent(w, r, info.Name(), info.ModTime(), file)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(serve)))
}
