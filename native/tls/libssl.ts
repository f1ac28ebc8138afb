// libssl's symbol table, with the C declaration of each function.
//
// Lengths (size_t) are declared u32 and counts i32, as in native/libc.ts. "pointer" is an object of OpenSSL. "buffer" is
// memory of JavaScript, which OpenSSL uses during the call only.

export const LIBSSL = {
  TLS_method: { parameters: [], result: "pointer" }, // const SSL_METHOD *(void)
  TLS_client_method: { parameters: [], result: "pointer" },
  TLS_server_method: { parameters: [], result: "pointer" },

  // SSL_CTX *(const SSL_METHOD *)
  SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_free: { parameters: ["pointer"], result: "void" },
  // long (SSL_CTX *, int cmd, long larg, void *parg)
  SSL_CTX_ctrl: { parameters: ["pointer", "i32", "i64", "buffer"], result: "i64" },
  // The same where parg is an X509 *.
  SSL_CTX_ctrl_object: { name: "SSL_CTX_ctrl", parameters: ["pointer", "i32", "i64", "pointer"], result: "i64" },
  // long (SSL_CTX *, int cmd, void (*fp)(void))
  SSL_CTX_callback_ctrl: { parameters: ["pointer", "i32", "pointer"], result: "i64" },
  // uint64_t (SSL_CTX *, uint64_t)
  SSL_CTX_get_options: { parameters: ["pointer"], result: "u64" },
  SSL_CTX_set_options: { parameters: ["pointer", "u64"], result: "u64" },
  SSL_CTX_clear_options: { parameters: ["pointer", "u64"], result: "u64" },
  // void (SSL_CTX *, int mode, SSL_verify_cb)
  SSL_CTX_set_verify: { parameters: ["pointer", "i32", "pointer"], result: "void" },
  SSL_CTX_get_verify_mode: { parameters: ["pointer"], result: "i32" },
  SSL_CTX_get0_param: { parameters: ["pointer"], result: "pointer" }, // X509_VERIFY_PARAM *(SSL_CTX *)
  SSL_CTX_get_cert_store: { parameters: ["pointer"], result: "pointer" }, // X509_STORE *(const SSL_CTX *)
  // int (SSL_CTX *, X509 *)
  SSL_CTX_use_certificate: { parameters: ["pointer", "pointer"], result: "i32" },
  // int (SSL_CTX *, EVP_PKEY *)
  SSL_CTX_use_PrivateKey: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_set0_tmp_dh_pkey: { parameters: ["pointer", "pointer"], result: "i32" },
  // int (SSL_CTX *, const char *)
  SSL_CTX_set_cipher_list: { parameters: ["pointer", "buffer"], result: "i32" },
  // int (SSL_CTX *, const unsigned char *protos, unsigned int length): 0 is success
  SSL_CTX_set_alpn_protos: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  // void (SSL_CTX *, SSL_CTX_alpn_select_cb_func, void *arg)
  SSL_CTX_set_alpn_select_cb: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  SSL_CTX_get_security_level: { parameters: ["pointer"], result: "i32" },
  SSL_CTX_set_num_tickets: { parameters: ["pointer", "usize"], result: "i32" },
  SSL_CTX_get_num_tickets: { parameters: ["pointer"], result: "usize" },

  // int (SSL_CTX *, const char *)
  SSL_CTX_use_psk_identity_hint: { parameters: ["pointer", "buffer"], result: "i32" },

  // SSL *(SSL_CTX *)
  SSL_new: { parameters: ["pointer"], result: "pointer" },
  SSL_free: { parameters: ["pointer"], result: "void" },
  // void (SSL *, BIO *read, BIO *write)
  SSL_set_bio: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  SSL_set_accept_state: { parameters: ["pointer"], result: "void" },
  // int (SSL *, const unsigned char *, unsigned int)
  SSL_set_session_id_context: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  SSL_set_connect_state: { parameters: ["pointer"], result: "void" },
  // void (SSL *, SSL_psk_client_cb_func)
  SSL_set_psk_client_callback: { parameters: ["pointer", "pointer"], result: "void" },
  // void (SSL *, SSL_psk_server_cb_func)
  SSL_set_psk_server_callback: { parameters: ["pointer", "pointer"], result: "void" },
  SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
  SSL_is_init_finished: { parameters: ["pointer"], result: "i32" },
  // int (SSL *, void *, int)
  SSL_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_peek: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_pending: { parameters: ["pointer"], result: "i32" },
  SSL_has_pending: { parameters: ["pointer"], result: "i32" },
  SSL_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_get_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_get_error: { parameters: ["pointer", "i32"], result: "i32" },
  // int (SSL *, int updatetype)
  SSL_key_update: { parameters: ["pointer", "i32"], result: "i32" },
  // long (SSL *, int cmd, long larg, void *parg)
  SSL_ctrl: { parameters: ["pointer", "i32", "i64", "buffer"], result: "i64" },
  SSL_get0_param: { parameters: ["pointer"], result: "pointer" },
  SSL_get_verify_result: { parameters: ["pointer"], result: "i64" },
  SSL_get_verify_mode: { parameters: ["pointer"], result: "i32" },
  SSL_get_version: { parameters: ["pointer"], result: "pointer" }, // const char *(const SSL *)
  SSL_get_servername: { parameters: ["pointer", "i32"], result: "pointer" }, // const char *(const SSL *, int type)
  // SSL_CTX *(SSL *, SSL_CTX *)
  SSL_set_SSL_CTX: { parameters: ["pointer", "pointer"], result: "pointer" },
  SSL_get1_peer_certificate: { parameters: ["pointer"], result: "pointer" }, // X509 *(const SSL *)
  SSL_get_peer_cert_chain: { parameters: ["pointer"], result: "pointer" }, // STACK_OF(X509) *(const SSL *)
  SSL_get0_verified_chain: { parameters: ["pointer"], result: "pointer" },
  // void (const SSL *, const unsigned char **, unsigned int *)
  SSL_get0_alpn_selected: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  // size_t (const SSL *, void *, size_t)
  SSL_get_finished: { parameters: ["pointer", "buffer", "u32"], result: "u32" },
  SSL_get_peer_finished: { parameters: ["pointer", "buffer", "u32"], result: "u32" },
  SSL_get_ciphers: { parameters: ["pointer"], result: "pointer" }, // STACK_OF(SSL_CIPHER) *(const SSL *)
  SSL_get_client_ciphers: { parameters: ["pointer"], result: "pointer" },
  SSL_get_current_cipher: { parameters: ["pointer"], result: "pointer" }, // const SSL_CIPHER *(const SSL *)
  SSL_get1_session: { parameters: ["pointer"], result: "pointer" }, // SSL_SESSION *(SSL *)
  SSL_set_session: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_session_reused: { parameters: ["pointer"], result: "i32" },

  SSL_SESSION_free: { parameters: ["pointer"], result: "void" },
  // const unsigned char *(const SSL_SESSION *, unsigned int *)
  SSL_SESSION_get_id: { parameters: ["pointer", "buffer"], result: "pointer" },
  SSL_SESSION_get_time: { parameters: ["pointer"], result: "i64" },
  SSL_SESSION_get_timeout: { parameters: ["pointer"], result: "i64" },
  SSL_SESSION_has_ticket: { parameters: ["pointer"], result: "i32" },
  SSL_SESSION_get_ticket_lifetime_hint: { parameters: ["pointer"], result: "u64" },

  SSL_CIPHER_get_name: { parameters: ["pointer"], result: "pointer" }, // const char *(const SSL_CIPHER *)
  SSL_CIPHER_get_version: { parameters: ["pointer"], result: "pointer" },
  SSL_CIPHER_get_id: { parameters: ["pointer"], result: "u32" },
  // int (const SSL_CIPHER *, int *alg_bits)
  SSL_CIPHER_get_bits: { parameters: ["pointer", "buffer"], result: "i32" },
  // char *(const SSL_CIPHER *, char *, int)
  SSL_CIPHER_description: { parameters: ["pointer", "buffer", "i32"], result: "pointer" },
  SSL_CIPHER_is_aead: { parameters: ["pointer"], result: "i32" },
  SSL_CIPHER_get_cipher_nid: { parameters: ["pointer"], result: "i32" },
  SSL_CIPHER_get_digest_nid: { parameters: ["pointer"], result: "i32" },
  SSL_CIPHER_get_kx_nid: { parameters: ["pointer"], result: "i32" },
  SSL_CIPHER_get_auth_nid: { parameters: ["pointer"], result: "i32" },
} as const;
