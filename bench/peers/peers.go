// What a protected call that does nothing costs with go-resiliency, admitted and refused: prints one JSON object,
// row to nanoseconds of each repetition. The rows take turns, so that a noisy moment hits them all.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run peers.go [REPETITIONS [MILLISECONDS]]      (bench/run does)
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"gopkg.in/eapache/go-resiliency.v1/breaker"
)

var errDown = errors.New("down")

func succeed() error { return nil }
func fail() error    { return errDown }

func fresh() *breaker.Breaker { return breaker.New(5, 1, time.Hour) }

func opened() *breaker.Breaker {
	made := breaker.New(1, 1, time.Hour)
	_ = made.Run(fail)
	return made
}

// An admitted call ends well; a refused one must not be made, or the row is not about what its name says.
func calls(on *breaker.Breaker, expected error) func(int) {
	return func(count int) {
		for i := 0; i < count; i++ {
			if on.Run(succeed) != expected {
				panic("a call was admitted that should have been refused, or the reverse")
			}
		}
	}
}

func twice(row func(int)) func(int) {
	return func(count int) {
		var both sync.WaitGroup
		both.Add(2)
		for i := 0; i < 2; i++ {
			go func() { defer both.Done(); row(count) }()
		}
		both.Wait()
	}
}

func alone(count int) {
	for i := 0; i < count; i++ {
		if err := nothing(); err != nil {
			panic(err)
		}
	}
}

//go:noinline
func nothing() error { return nil }

func nanoseconds(row func(int), count int) float64 {
	begun := time.Now()
	row(count)
	return float64(time.Since(begun).Nanoseconds()) / float64(count)
}

func argument(nth, otherwise int) int {
	if len(os.Args) <= nth {
		return otherwise
	}
	given, err := strconv.Atoi(os.Args[nth])
	if err != nil || given < 1 {
		fmt.Fprintf(os.Stderr, "peers.go: %q is no whole number above 0\n", os.Args[nth])
		os.Exit(2)
	}
	return given
}

func main() {
	repetitions, milliseconds := argument(1, 7), argument(2, 200)
	rows := map[string]func(int){
		"call alone":                  alone,
		"go-resiliency/in_a_row":      calls(fresh(), nil),
		"go-resiliency/in_a_row/2on1": twice(calls(fresh(), nil)),
		"go-resiliency/refused":       calls(opened(), breaker.ErrBreakerOpen),
	}
	counts := map[string]int{}
	samples := map[string][]float64{}
	for name, row := range rows {
		counts[name] = int(float64(milliseconds) * 1e6 / nanoseconds(row, 200_000))
	}
	for i := 0; i < repetitions; i++ {
		for name, row := range rows {
			samples[name] = append(samples[name], nanoseconds(row, counts[name]))
		}
	}
	said, _ := json.Marshal(map[string]any{"runtime": "Go " + runtime.Version()[2:], "samples": samples})
	fmt.Println(string(said))
}
