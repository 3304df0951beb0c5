"""The laboratory: what the tests stand on, from the bottom up.

`processes` has deadlines and programs that end with the test, `programs` says where ours are and what they are called,
`sandbox` has system calls refused to them, `needs` says whether a test can be run here. `namespaces` makes hosts,
`networks` joins them; `overlays` runs servents and clients in them. `codec` makes and reads datagrams, `captures` has
tshark and dumpcap, `terminals` a shell at which one types. `fixtures` gives all of it to pytest.
"""
