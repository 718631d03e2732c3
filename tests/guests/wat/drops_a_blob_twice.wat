;; A handle that is no more.
(module
  (import "wharf:provider/blobs@0.1.0" "[static]blob.create"
    (func $create (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wharf:provider/blobs@0.1.0" "[resource-drop]blob" (func $drop (param i32)))
  (memory (export "memory") 1)
  ;; manifest
  ;; A bump allocator.
  (global $free (mut i32) (i32.const 32768))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $free)
    (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -8))))
  (func (export "wharf:provider/plugin@0.1.0#describe") (result i32) (i32.const 1024))
  (func (export "wharf:provider/plugin@0.1.0#invoke") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (local $blob i32)
    (local.set $blob (call $create (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $drop (local.get $blob))
    (call $drop (local.get $blob))
    (i32.store (i32.const 512) (i32.const 0))
    (i32.store (i32.const 516) (i32.const 560))
    (i32.store (i32.const 520) (i32.const 2))
    (i32.store (i32.const 560) (i32.const 0x7d7b))
    (i32.const 512))
)
