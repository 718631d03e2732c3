;; A thousand variables, all of them the same megabyte: little memory here, a lot there.
(module
  (import "wharf:provider/http@0.1.0" "send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 20)
  ;; manifest
  ;; A bump allocator.
  (global $free (mut i32) (i32.const 32768))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $free)
    (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -8))))
  (func (export "wharf:provider/plugin@0.1.0#describe") (result i32) (i32.const 1024))
  (func (export "wharf:provider/plugin@0.1.0#invoke") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (local $at i32)
    (loop $more
      (i32.store offset=65536 (local.get $at) (i32.const 131072))
      (i32.store offset=65540 (local.get $at) (i32.const 1048576))
      (i32.store offset=65544 (local.get $at) (i32.const 131072))
      (i32.store offset=65548 (local.get $at) (i32.const 1048576))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $more (i32.lt_u (local.get $at) (i32.const 16000))))
    ;; The name, the variables, no query, no headers, no body, and where the answer goes.
    (call $send (i32.const 0) (i32.const 0) (i32.const 65536) (i32.const 1000) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 600))
    (i32.store (i32.const 512) (i32.const 0))
    (i32.store (i32.const 516) (i32.const 560))
    (i32.store (i32.const 520) (i32.const 2))
    (i32.store (i32.const 560) (i32.const 0x7d7b))
    (i32.const 512))
)
