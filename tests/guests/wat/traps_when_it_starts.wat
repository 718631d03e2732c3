;; The start function traps.
(module
  (start $start)
  (func $start unreachable)
  (memory (export "memory") 1)
  ;; manifest
  ;; A bump allocator.
  (global $free (mut i32) (i32.const 32768))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $free)
    (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -8))))
  (func (export "wharf:provider/plugin@0.1.0#describe") (result i32)
    (i32.const 1024))
  (func (export "wharf:provider/plugin@0.1.0#invoke") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable)
)
