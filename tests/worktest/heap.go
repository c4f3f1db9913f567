package worktest

import "runtime"

// Heap is the memory in use, in bytes, without what pools keep for two collections.
func Heap() int64 {
	for range 3 {
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
