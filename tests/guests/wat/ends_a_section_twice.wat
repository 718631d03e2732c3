;; A section that has ended.
(module
  (import "wharf:provider/state@0.1.0" "exclusive" (func $exclusive (param i32)))
  (import "wharf:provider/state@0.1.0" "[resource-drop]section" (func $drop (param i32)))
  (memory (export "memory") 1)
  ;; manifest
  ;; A bump allocator.
  (global $free (mut i32) (i32.const 32768))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $free)
    (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -8))))
  (func (export "wharf:provider/plugin@0.1.0#describe") (result i32) (i32.const 1024))
  (func (export "wharf:provider/plugin@0.1.0#invoke") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (call $exclusive (i32.const 600))
    (call $drop (i32.load (i32.const 604)))
    (call $drop (i32.load (i32.const 604)))
    (i32.store (i32.const 512) (i32.const 0))
    (i32.store (i32.const 516) (i32.const 560))
    (i32.store (i32.const 520) (i32.const 2))
    (i32.store (i32.const 560) (i32.const 0x7d7b))
    (i32.const 512))
)
